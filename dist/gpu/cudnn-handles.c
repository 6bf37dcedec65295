/*
 * The libcudnn.so.9 of the stack ort-gpu: NVIDIA's, with handles that are lent again instead of being destroyed.
 *
 * On compute capability 9.x cudnnCreate loads a module that nothing unloads, which costs GPU memory with each session that
 * comes and goes (docs/gpu.md). Here a device has as many handles as were in use there at once, until the process ends.
 *
 * NVIDIA's own library is beside this one as libcudnn-nvidia.so.9. This one depends on it, so whoever asks this one for
 * a function, by the linker or by dlsym, finds all others there.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

/* The versions that they had from the start, so that what is made here loads where glibc is older, as NVIDIA's does. */
__asm__(".symver dlopen,dlopen@GLIBC_2.2.5");
__asm__(".symver dlsym,dlsym@GLIBC_2.2.5");
__asm__(".symver pthread_once,pthread_once@GLIBC_2.2.5");

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
extern int cudaGetLastError(void);

/* A handle, which is settling from its destruction until its device is done with it. */
typedef struct Kept {
  struct Kept *next;
  cudnnHandle_t handle;
  int device;
  enum { FREE, LENT, SETTLING } state;
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
    if (kept->state == FREE && kept->device == device) {
      kept->state = LENT;
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
  *kept = (Kept){.handle = handle, .device = device, .state = LENT};
  pthread_mutex_lock(&lock);
  kept->next = all;
  all = kept;
  pthread_mutex_unlock(&lock);
}

/* The caller's while it settles; NULL where it is not lent, which is an error unless it is no handle of ours. */
static Kept *take_back(cudnnHandle_t handle, int *ours) {
  pthread_mutex_lock(&lock);
  Kept *kept = all;
  while (kept != NULL && kept->handle != handle) {
    kept = kept->next;
  }
  *ours = kept != NULL;
  if (kept != NULL && kept->state == LENT) {
    kept->state = SETTLING;
  } else {
    kept = NULL;
  }
  pthread_mutex_unlock(&lock);
  return kept;
}

static void set_free(Kept *kept) {
  pthread_mutex_lock(&lock);
  kept->state = FREE;
  pthread_mutex_unlock(&lock);
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
 * may be on another device, and stays there; an error is not left for whoever asks CUDA's runtime next.
 */
static int settle(Kept *kept) {
  int before;
  int settled = cudaGetDevice(&before) == 0;
  int elsewhere = settled && before != kept->device;
  if (elsewhere) {
    settled = cudaSetDevice(kept->device) == 0;
  }
  settled = settled && cudaDeviceSynchronize() == 0 && set_stream(kept->handle, NULL) == CUDNN_STATUS_SUCCESS;
  if (elsewhere) {
    settled = cudaSetDevice(before) == 0 && settled;
  }
  if (!settled) {
    cudaGetLastError();
  }
  return settled;
}

cudnnStatus_t cudnnCreate(cudnnHandle_t *handle) {
  if (!found()) {
    return CUDNN_STATUS_NOT_INITIALIZED;
  }
  if (handle == NULL) {
    return create(NULL);
  }
  int device;
  if (cudaGetDevice(&device) != 0) {
    cudaGetLastError();
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
  int ours;
  Kept *kept = take_back(handle, &ours);
  if (kept == NULL) {
    return ours ? CUDNN_STATUS_BAD_PARAM : destroy(handle);
  }
  if (settle(kept)) {
    set_free(kept);
    return CUDNN_STATUS_SUCCESS;
  }
  forget(kept);
  return destroy(handle);
}
