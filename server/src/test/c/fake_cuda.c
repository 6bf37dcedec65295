/*
 * A driver library whose GPUs a test makes up: the functions that the server calls, by their real signatures,
 * and functions of its own that say what they answer.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef int CUresult;
typedef int CUdevice;
typedef void *CUcontext;
typedef struct { unsigned char bytes[16]; } CUuuid;

#define MAX 8

typedef struct {
  char name[64];
  char bus[32];
  unsigned char uuid[16];
  unsigned char own_uuid[16];
  int major, minor;
  size_t memory;
  int holds;
} Device;

static Device devices[MAX];
static int count;
static int version = 12040;
static int started;
static __thread CUcontext stack[MAX];
static __thread int depth;
static int current;  /* of all threads */

static struct { char function[64]; int code; } failures[32];
static int failure_count;

/* ---- what a test says ---- */

int fake_add(const char *name, const char *bus, int first_uuid_byte, int major, int minor, long long memory) {
  Device *d = &devices[count];
  memset(d, 0, sizeof *d);
  snprintf(d->name, sizeof d->name, "%s", name);
  snprintf(d->bus, sizeof d->bus, "%s", bus);
  for (int i = 0; i < 16; i++) d->uuid[i] = d->own_uuid[i] = (unsigned char) (first_uuid_byte + i);
  d->major = major;
  d->minor = minor;
  d->memory = (size_t) memory;
  return count++;
}

/* The device is a slice of the GPU that has its uuid. */
void fake_slice(int device, int first_uuid_byte) {
  for (int i = 0; i < 16; i++) devices[device].own_uuid[i] = (unsigned char) (first_uuid_byte + i);
}

void fake_version(int v) { version = v; }

/* From now on a function returns this code. */
void fake_fail(const char *function, int code) {
  snprintf(failures[failure_count].function, sizeof failures[0].function, "%s", function);
  failures[failure_count++].code = code;
}

int fake_holds(int device) { return devices[device].holds; }
int fake_depth(void) { return current; }
CUcontext fake_current(void) { return depth ? stack[depth - 1] : NULL; }

static int failure(const char *function) {
  for (int i = failure_count - 1; i >= 0; i--) {
    if (strcmp(failures[i].function, function) == 0) return failures[i].code;
  }
  return 0;
}

#define ENTER(device)                                    \
  do {                                                   \
    int code = failure(__func__);                        \
    if (code) return code;                               \
    if (!started) return 3;                              \
    if ((device) < 0 || (device) >= MAX) return 101;     \
  } while (0)

/* ---- the driver ---- */

CUresult cuInit(unsigned int flags) {
  int code = failure("cuInit");
  if (code) return code;
  if (flags != 0) return 1;
#ifdef NO_DEVICE
  return 100;
#endif
#ifdef INIT_FAILS
  return INIT_FAILS;
#endif
  started = 1;
  return 0;
}

CUresult cuGetErrorName(CUresult error, const char **text) {
  switch (error) {
    case 2: *text = "CUDA_ERROR_OUT_OF_MEMORY"; return 0;
    case 3: *text = "CUDA_ERROR_NOT_INITIALIZED"; return 0;
    case 100: *text = "CUDA_ERROR_NO_DEVICE"; return 0;
    case 101: *text = "CUDA_ERROR_INVALID_DEVICE"; return 0;
    case 803: *text = "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"; return 0;
    default: *text = NULL; return 1;
  }
}

CUresult cuGetErrorString(CUresult error, const char **text) {
  switch (error) {
    case 2: *text = "out of memory"; return 0;
    case 3: *text = "initialization error"; return 0;
    case 100: *text = "no CUDA-capable device is detected"; return 0;
    case 101: *text = "invalid device ordinal"; return 0;
    case 803: *text = "system has unsupported display driver / cuda driver combination"; return 0;
    default: *text = NULL; return 1;
  }
}

CUresult cuDriverGetVersion(int *v) {
  ENTER(0);
  *v = version;
  return 0;
}

CUresult cuDeviceGetCount(int *n) {
  ENTER(0);
  *n = count;
  return 0;
}

/* A handle is not an index. */
#define HANDLE 40
#define DEVICE(handle) devices[(handle) - HANDLE]

CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  ENTER(0);
  if (ordinal < 0 || ordinal >= count) return 101;
  *device = ordinal + HANDLE;
  return 0;
}

CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
  ENTER(device - HANDLE);
  snprintf(name, (size_t) length, "%s", DEVICE(device).name);
  return 0;
}

CUresult cuDeviceGetUuid(CUuuid *uuid, CUdevice device) {
  ENTER(device - HANDLE);
  memcpy(uuid->bytes, DEVICE(device).uuid, 16);
  return 0;
}

#ifndef WITHOUT_UUID_V2
CUresult cuDeviceGetUuid_v2(CUuuid *uuid, CUdevice device) {
  ENTER(device - HANDLE);
  memcpy(uuid->bytes, DEVICE(device).own_uuid, 16);
  return 0;
}
#endif

CUresult cuDeviceGetPCIBusId(char *bus, int length, CUdevice device) {
  ENTER(device - HANDLE);
  snprintf(bus, (size_t) length, "%s", DEVICE(device).bus);
  return 0;
}

CUresult cuDeviceGetAttribute(int *value, int attribute, CUdevice device) {
  ENTER(device - HANDLE);
  switch (attribute) {
    case 75: *value = DEVICE(device).major; return 0;
    case 76: *value = DEVICE(device).minor; return 0;
    default: return 1;
  }
}

CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) {
  ENTER(device - HANDLE);
  *bytes = DEVICE(device).memory;
  return 0;
}

#ifndef WITHOUT_PRIMARY_CONTEXT
CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  ENTER(device - HANDLE);
  DEVICE(device).holds++;
  *context = &DEVICE(device);
  return 0;
}
#endif

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  ENTER(device - HANDLE);
  DEVICE(device).holds--;
  return 0;
}

CUresult cuCtxSetCurrent(CUcontext context) {
  ENTER(0);
  if (depth == 0) {
    depth = 1;
    __sync_fetch_and_add(&current, 1);
  }
  stack[depth - 1] = context;
  return 0;
}

CUresult cuCtxPushCurrent_v2(CUcontext context) {
  ENTER(0);
  stack[depth++] = context;
  __sync_fetch_and_add(&current, 1);
  return 0;
}

CUresult cuCtxPopCurrent_v2(CUcontext *context) {
  ENTER(0);
  if (depth == 0) return 201;
  *context = stack[--depth];
  __sync_fetch_and_sub(&current, 1);
  return 0;
}
