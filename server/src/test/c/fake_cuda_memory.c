/*
 * The fake driver with memory: page-locked memory is the host's, and so is that of its GPUs. Copies are done when
 * their stream is waited for, and not before.
 */
#include "fake_cuda.c"

#include <pthread.h>
#include <stdlib.h>

typedef unsigned long long CUdeviceptr;
typedef struct { char reserved[64]; } CUipcMemHandle;
typedef struct { void *to; const void *from; size_t bytes; } Copy;
typedef struct { Copy copies[16]; int count; } *CUstream;

typedef struct { char *memory; size_t bytes; int opened; } Allocation;

static Allocation shared[MAX];
static int shared_count;
static int allocations, registrations, streams, copies;
static pthread_mutex_t copying = PTHREAD_MUTEX_INITIALIZER;
static void *registered;
static size_t registered_bytes;

/* Calls no exported function: of several such libraries in a process, the loader would take the first one's. */
#define ENTER_CONTEXT()                                       \
  do {                                                        \
    ENTER(0);                                                 \
    if (depth == 0 || stack[depth - 1] == NULL) return 201;   \
  } while (0)

/* ---- what a test says and asks ---- */

int fake_share(long long bytes) {
  shared[shared_count].memory = calloc(1, (size_t) bytes);
  shared[shared_count].bytes = (size_t) bytes;
  return shared_count++;
}

/* A handle says which in its first byte, and has a pattern in the others: it must come whole. */
void fake_handle(int which, char *handle) {
  handle[0] = (char) which;
  for (int i = 1; i < 64; i++) handle[i] = (char) (i * 3);
}

void *fake_memory(int which) { return shared[which].memory; }
int fake_opened(int which) { return shared[which].opened; }
int fake_allocations(void) { return allocations; }
int fake_registrations(void) { return registrations; }
int fake_is_registered(void *address, long long bytes) {
  return registered == address && registered_bytes == (size_t) bytes;
}
int fake_streams(void) { return streams; }
int fake_copies(void) { return copies; }

/* ---- the driver ---- */

CUresult cuMemHostAlloc(void **pointer, size_t bytes, unsigned int flags) {
  ENTER_CONTEXT();
  if (flags != 1) return 1;
  if (posix_memalign(pointer, 4096, bytes)) return 2;
  allocations++;
  return 0;
}

CUresult cuMemFreeHost(void *pointer) {
  ENTER_CONTEXT();
  free(pointer);
  allocations--;
  return 0;
}

CUresult cuMemHostRegister_v2(void *pointer, size_t bytes, unsigned int flags) {
  ENTER_CONTEXT();
  if (flags != 1) return 1;
  registered = pointer;
  registered_bytes = bytes;
  registrations++;
  return 0;
}

CUresult cuMemHostUnregister(void *pointer) {
  ENTER_CONTEXT();
  if (pointer != registered) return 1;
  registrations--;
  return 0;
}

CUresult cuIpcOpenMemHandle_v2(CUdeviceptr *pointer, CUipcMemHandle handle, unsigned int flags) {
  ENTER_CONTEXT();
  if (flags != 1) return 1;
  int which = handle.reserved[0];
  if (which < 0 || which >= shared_count) return 1;
  for (int i = 1; i < 64; i++) {
    if (handle.reserved[i] != (char) (i * 3)) return 1;
  }
  shared[which].opened++;
  *pointer = (CUdeviceptr) (size_t) shared[which].memory;
  return 0;
}

CUresult cuIpcCloseMemHandle(CUdeviceptr pointer) {
  ENTER_CONTEXT();
  for (int i = 0; i < shared_count; i++) {
    if ((CUdeviceptr) (size_t) shared[i].memory == pointer) {
      shared[i].opened--;
      return 0;
    }
  }
  return 1;
}

CUresult cuMemGetAddressRange_v2(CUdeviceptr *base, size_t *bytes, CUdeviceptr pointer) {
  ENTER_CONTEXT();
  for (int i = 0; i < shared_count; i++) {
    CUdeviceptr start = (CUdeviceptr) (size_t) shared[i].memory;
    if (pointer >= start && pointer < start + shared[i].bytes) {
      *base = start;
      *bytes = shared[i].bytes;
      return 0;
    }
  }
  return 1;
}

CUresult cuStreamCreate(CUstream *stream, unsigned int flags) {
  ENTER_CONTEXT();
  if (flags != 1) return 1;
  *stream = calloc(1, sizeof **stream);
  streams++;
  return 0;
}

CUresult cuStreamDestroy_v2(CUstream stream) {
  ENTER_CONTEXT();
  free(stream);
  streams--;
  return 0;
}

static CUresult copy(CUstream stream, void *to, const void *from, size_t bytes) {
  if (stream == NULL) return 1;
  pthread_mutex_lock(&copying);
  int full = stream->count == 16;
  if (!full) stream->copies[stream->count++] = (Copy) {to, from, bytes};
  copies++;
  pthread_mutex_unlock(&copying);
  return full;
}

CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, CUstream stream) {
  ENTER_CONTEXT();
  return copy(stream, to, (void *) (size_t) from, bytes);
}

CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, CUstream stream) {
  ENTER_CONTEXT();
  return copy(stream, (void *) (size_t) to, from, bytes);
}

CUresult cuStreamSynchronize(CUstream stream) {
  ENTER_CONTEXT();
  pthread_mutex_lock(&copying);
  for (int i = 0; i < stream->count; i++) {
    memmove(stream->copies[i].to, stream->copies[i].from, stream->copies[i].bytes);
  }
  stream->count = 0;
  pthread_mutex_unlock(&copying);
  return 0;
}
