/*
 * The libcudnn.so.9 of the stack ort-gpu: NVIDIA's, with handles that are lent again instead of being destroyed.
 *
 * On GPUs of compute capability 9.x cudnnCreate loads a module, to ask how thread block clusters fit on the device, and
 * nothing ever unloads it. ONNX Runtime makes one or two handles a session, and where TensorRT's builder is at work each of
 * those modules keeps 2 MiB: a server that loads and unloads a model loses GPU memory each time. With this library there
 * are as many handles as were in use at the same time. docs/gpu.md has what was seen.
 *
 * NVIDIA's own library is beside this one as libcudnn-nvidia.so.9. This one depends on it, so whoever asks this one for
 * a function, by the linker or by dlsym, finds all others there. Every function here may be called on any thread.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

#define NVIDIA "libcudnn-nvidia.so.9"

typedef struct cudnnContext *cudnnHandle_t;
typedef int cudnnStatus_t;
typedef struct CUstream_st *cudaStream_t;

#define CUDNN_STATUS_SUCCESS 0
#define CUDNN_STATUS_NOT_INITIALIZED 1001
#define CUDNN_STATUS_BAD_PARAM 2000

extern int cudaGetDevice(int *device);
extern int cudaSetDevice(int device);
extern int cudaDeviceSynchronize(void);

typedef struct Kept {
  struct Kept *next;
  cudnnHandle_t handle;
  int device;
  int lent;
} Kept;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static cudnnStatus_t (*create)(cudnnHandle_t *);
static cudnnStatus_t (*destroy)(cudnnHandle_t);
static cudnnStatus_t (*set_stream)(cudnnHandle_t, cudaStream_t);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Kept *all;

static void find_nvidia(void) {
  void *library = dlopen(NVIDIA, RTLD_LAZY);
  if (library == NULL) {
    return;
  }
  create = (cudnnStatus_t (*)(cudnnHandle_t *))dlsym(library, "cudnnCreate");
  destroy = (cudnnStatus_t (*)(cudnnHandle_t))dlsym(library, "cudnnDestroy");
  set_stream = (cudnnStatus_t (*)(cudnnHandle_t, cudaStream_t))dlsym(library, "cudnnSetStream");
}

static int found(void) {
  pthread_once(&once, find_nvidia);
  return create != NULL && destroy != NULL && set_stream != NULL;
}

/* One of that device that nobody has, now lent; or NULL. */
static cudnnHandle_t lend(int device) {
  cudnnHandle_t handle = NULL;
  pthread_mutex_lock(&lock);
  for (Kept *kept = all; kept != NULL && handle == NULL; kept = kept->next) {
    if (!kept->lent && kept->device == device) {
      kept->lent = 1;
      handle = kept->handle;
    }
  }
  pthread_mutex_unlock(&lock);
  return handle;
}

/* Without memory to remember it by, a handle is made and destroyed as ever. */
static void remember(cudnnHandle_t handle, int device) {
  Kept *kept = malloc(sizeof(Kept));
  if (kept == NULL) {
    return;
  }
  *kept = (Kept){.handle = handle, .device = device, .lent = 1};
  pthread_mutex_lock(&lock);
  kept->next = all;
  all = kept;
  pthread_mutex_unlock(&lock);
}

/* It is freed by nobody but the handle's owner, in cudnnDestroy. */
static Kept *known(cudnnHandle_t handle) {
  pthread_mutex_lock(&lock);
  Kept *kept = all;
  while (kept != NULL && kept->handle != handle) {
    kept = kept->next;
  }
  pthread_mutex_unlock(&lock);
  return kept;
}

/* Whether it was lent. */
static int take_back(Kept *kept) {
  pthread_mutex_lock(&lock);
  int was_lent = kept->lent;
  kept->lent = 0;
  pthread_mutex_unlock(&lock);
  return was_lent;
}

static void forget(Kept *gone) {
  pthread_mutex_lock(&lock);
  Kept **kept = &all;
  while (*kept != gone) {
    kept = &(*kept)->next;
  }
  *kept = gone->next;
  pthread_mutex_unlock(&lock);
  free(gone);
}

/*
 * Waits for the handle's device, as NVIDIA's cudnnDestroy does: its next owner must not find its memory in use. The thread
 * may be on another device.
 */
static int settle(Kept *kept) {
  int before;
  if (cudaGetDevice(&before) != 0 || cudaSetDevice(kept->device) != 0) {
    return 0;
  }
  int settled = cudaDeviceSynchronize() == 0 && set_stream(kept->handle, NULL) == CUDNN_STATUS_SUCCESS;
  return cudaSetDevice(before) == 0 && settled;
}

cudnnStatus_t cudnnCreate(cudnnHandle_t *handle) {
  if (!found()) {
    return CUDNN_STATUS_NOT_INITIALIZED;
  }
  int device;
  if (handle == NULL || cudaGetDevice(&device) != 0) {
    return create(handle);
  }
  cudnnHandle_t kept = lend(device);
  if (kept != NULL) {
    *handle = kept;
    return CUDNN_STATUS_SUCCESS;
  }
  cudnnStatus_t status = create(handle);
  if (status == CUDNN_STATUS_SUCCESS) {
    remember(*handle, device);
  }
  return status;
}

cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  if (!found()) {
    return CUDNN_STATUS_NOT_INITIALIZED;
  }
  Kept *kept = known(handle);
  if (kept == NULL) {
    return destroy(handle);
  }
  if (settle(kept)) {
    return take_back(kept) ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_BAD_PARAM;
  }
  forget(kept);
  return destroy(handle);
}
