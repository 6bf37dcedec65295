/*
 * An NVML whose GPUs a test makes up: the functions that the server calls, by their real signatures and structs, and
 * functions of its own that say what they answer.
 */
#include <stdio.h>
#include <string.h>

typedef int nvmlReturn_t;
typedef struct Device *nvmlDevice_t;

enum { SUCCESS = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, VERSION = 25, LOST = 15 };

#define MAX 8

typedef struct Device {
  char uuid[96];
  char parent[96];
  unsigned gpu_instance, compute_instance;
  unsigned utilization;
  unsigned long long total, reserved, used, millijoules;
  unsigned milliwatts, limit, celsius;
  double sm, occupancy, tensor, dram, tx, rx;
} Device;

static Device devices[MAX];
static int count;
static int started;
static int samples;
static int hopper;
static struct { char uuid[96]; char function[64]; int code; } failures[32];
static int failure_count;

/* ---- what a test says ---- */

int fake_add(const char *uuid) {
  snprintf(devices[count].uuid, sizeof devices[0].uuid, "%s", uuid);
  return count++;
}

void fake_slice(int device, const char *parent, int gpu_instance, int compute_instance) {
  snprintf(devices[device].parent, sizeof devices[0].parent, "%s", parent);
  devices[device].gpu_instance = (unsigned) gpu_instance;
  devices[device].compute_instance = (unsigned) compute_instance;
}

void fake_load(int device, int utilization, int milliwatts, int limit, int celsius, long long millijoules) {
  devices[device].utilization = (unsigned) utilization;
  devices[device].milliwatts = (unsigned) milliwatts;
  devices[device].limit = (unsigned) limit;
  devices[device].celsius = (unsigned) celsius;
  devices[device].millijoules = (unsigned long long) millijoules;
}

void fake_memory(int device, long long total, long long reserved, long long used) {
  devices[device].total = (unsigned long long) total;
  devices[device].reserved = (unsigned long long) reserved;
  devices[device].used = (unsigned long long) used;
}

/* From here on GPUs measure inside themselves; what they measure. */
void fake_gpm(int device, double sm, double occupancy, double tensor, double dram, double tx, double rx) {
  hopper = 1;
  devices[device].sm = sm;
  devices[device].occupancy = occupancy;
  devices[device].tensor = tensor;
  devices[device].dram = dram;
  devices[device].tx = tx;
  devices[device].rx = rx;
}

/* A function returns a code for a device from now on; 0 for what it would. */
void fake_fail(const char *uuid, const char *function, int code) {
  int i = failure_count++;
  snprintf(failures[i].uuid, sizeof failures[i].uuid, "%s", uuid);
  snprintf(failures[i].function, sizeof failures[i].function, "%s", function);
  failures[i].code = code;
}

int fake_started(void) { return started; }
int fake_samples(void) { return samples; }

static int failure(const char *uuid, const char *function) {
  for (int i = failure_count - 1; i >= 0; i--) {
    if (strcmp(failures[i].uuid, uuid) == 0 && strcmp(failures[i].function, function) == 0) return failures[i].code;
  }
  return 0;
}

#define ENTER(device)                                   \
  do {                                                  \
    if (!started) return UNINITIALIZED;                 \
    int code = failure((device)->uuid, __func__);       \
    if (code) return code;                              \
  } while (0)

/* What NVML refuses for a slice. */
#define WHOLE(device)                                   \
  do {                                                  \
    if ((device)->parent[0]) return NOT_SUPPORTED;      \
  } while (0)

/* ---- NVML ---- */

nvmlReturn_t nvmlInit_v2(void) {
#ifdef INIT_FAILS
  return INIT_FAILS;
#endif
  started++;
  return SUCCESS;
}

nvmlReturn_t nvmlShutdown(void) {
  if (!started) return UNINITIALIZED;
  started--;
  return SUCCESS;
}

const char *nvmlErrorString(nvmlReturn_t result) {
  switch (result) {
    case UNINITIALIZED: return "Uninitialized";
    case INVALID_ARGUMENT: return "Invalid Argument";
    case NOT_SUPPORTED: return "Not Supported";
    case NOT_FOUND: return "Not Found";
    case LOST: return "GPU is lost";
    case 9: return "Driver Not Loaded";
    default: return "Unknown Error";
  }
}

nvmlReturn_t nvmlSystemGetDriverVersion(char *version, unsigned length) {
  if (!started) return UNINITIALIZED;
  snprintf(version, length, "580.159.04");
  return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetCount_v2(unsigned *n) {
  if (!started) return UNINITIALIZED;
  *n = 0;
  for (int i = 0; i < count; i++) *n += !devices[i].parent[0];
  return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned index, nvmlDevice_t *device) {
  if (!started) return UNINITIALIZED;
  for (int i = 0; i < count; i++) {
    if (!devices[i].parent[0] && index-- == 0) {
      *device = &devices[i];
      return SUCCESS;
    }
  }
  return INVALID_ARGUMENT;
}

nvmlReturn_t nvmlDeviceGetHandleByUUID(const char *uuid, nvmlDevice_t *device) {
  if (!started) return UNINITIALIZED;
  for (int i = 0; i < count; i++) {
    if (strcmp(devices[i].uuid, uuid) == 0) {
      *device = &devices[i];
      return SUCCESS;
    }
  }
  return NOT_FOUND;
}

nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t device, char *uuid, unsigned length) {
  ENTER(device);
  snprintf(uuid, length, "%s", device->uuid);
  return SUCCESS;
}

#ifndef WITHOUT_SLICES
nvmlReturn_t nvmlDeviceGetMaxMigDeviceCount(nvmlDevice_t device, unsigned *n) {
  ENTER(device);
  *n = 7;
  return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetMigDeviceHandleByIndex(nvmlDevice_t device, unsigned index, nvmlDevice_t *slice) {
  ENTER(device);
  /* The first place is free: places need not be taken in order. */
  for (int i = 0; i < count && index > 0; i++) {
    if (strcmp(devices[i].parent, device->uuid) == 0 && --index == 0) {
      *slice = &devices[i];
      return SUCCESS;
    }
  }
  return NOT_FOUND;
}

nvmlReturn_t nvmlDeviceGetGpuInstanceId(nvmlDevice_t slice, unsigned *id) {
  *id = slice->gpu_instance;
  return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetComputeInstanceId(nvmlDevice_t slice, unsigned *id) {
  *id = slice->compute_instance;
  return SUCCESS;
}
#endif

typedef struct { unsigned gpu, memory; } nvmlUtilization_t;

nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t device, nvmlUtilization_t *rates) {
  ENTER(device);
  WHOLE(device);
  rates->gpu = device->utilization;
  rates->memory = 99;
  return SUCCESS;
}

typedef struct { unsigned long long total, free, used; } nvmlMemory_t;
typedef struct { unsigned version; unsigned long long total, reserved, free, used; } nvmlMemory_v2_t;

nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *memory) {
  ENTER(device);
  memory->total = device->total;
  memory->used = device->used + device->reserved;
  memory->free = memory->total - memory->used;
  return SUCCESS;
}

#ifndef WITHOUT_MEMORY_V2
nvmlReturn_t nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t device, nvmlMemory_v2_t *memory) {
  ENTER(device);
  if (memory->version != (sizeof(nvmlMemory_v2_t) | 2 << 24)) return VERSION;
  memory->total = device->total;
  memory->reserved = device->reserved;
  memory->used = device->used;
  memory->free = device->total - device->used - device->reserved;
  return SUCCESS;
}
#endif

nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t device, unsigned *milliwatts) {
  ENTER(device);
  WHOLE(device);
  *milliwatts = device->milliwatts;
  return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetEnforcedPowerLimit(nvmlDevice_t device, unsigned *milliwatts) {
  ENTER(device);
  WHOLE(device);
  *milliwatts = device->limit;
  return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetTotalEnergyConsumption(nvmlDevice_t device, unsigned long long *millijoules) {
  ENTER(device);
  WHOLE(device);
  *millijoules = device->millijoules;
  return SUCCESS;
}

nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t device, int sensor, unsigned *celsius) {
  ENTER(device);
  WHOLE(device);
  if (sensor != 0) return INVALID_ARGUMENT;
  *celsius = device->celsius;
  return SUCCESS;
}

#ifndef WITHOUT_GPM
typedef struct { Device *taken; } *nvmlGpmSample_t;
typedef struct { unsigned version, isSupportedDevice; } nvmlGpmSupport_t;
typedef struct {
  unsigned metricId;
  nvmlReturn_t nvmlReturn;
  double value;
  struct { char *shortName, *longName, *unit; } metricInfo;
} nvmlGpmMetric_t;
typedef struct {
  unsigned version, numMetrics;
  nvmlGpmSample_t sample1, sample2;
  nvmlGpmMetric_t metrics[333];
} nvmlGpmMetricsGet_t;

static Device *room[64];

nvmlReturn_t nvmlGpmQueryDeviceSupport(nvmlDevice_t device, nvmlGpmSupport_t *support) {
  ENTER(device);
  if (support->version != 1) return VERSION;
  support->isSupportedDevice = (unsigned) hopper;
  return SUCCESS;
}

nvmlReturn_t nvmlGpmSampleAlloc(nvmlGpmSample_t *sample) {
  *sample = (nvmlGpmSample_t) &room[samples++];
  (*sample)->taken = NULL;
  return SUCCESS;
}

nvmlReturn_t nvmlGpmSampleFree(nvmlGpmSample_t sample) {
  if (!sample) return INVALID_ARGUMENT;
  samples--;
  return SUCCESS;
}

nvmlReturn_t nvmlGpmSampleGet(nvmlDevice_t device, nvmlGpmSample_t sample) {
  ENTER(device);
  sample->taken = device;
  return SUCCESS;
}

nvmlReturn_t nvmlGpmMetricsGet(nvmlGpmMetricsGet_t *get) {
  if (get->version != 1) return VERSION;
  if (!get->sample1->taken || !get->sample2->taken || get->sample1 == get->sample2) return INVALID_ARGUMENT;
  Device *d = get->sample2->taken;
  for (unsigned i = 0; i < get->numMetrics; i++) {
    nvmlGpmMetric_t *m = &get->metrics[i];
    m->nvmlReturn = SUCCESS;
    switch (m->metricId) {
      case 2: m->value = d->sm; break;
      case 3: m->value = d->occupancy; break;
      case 5: m->value = d->tensor; break;
      case 10: m->value = d->dram; break;
      case 20: m->value = d->tx; break;
      case 21: m->value = d->rx; break;
      default: m->nvmlReturn = NOT_SUPPORTED;
    }
    int code = failure(d->uuid, m->metricId == 5 ? "tensor" : "");
    if (code) m->nvmlReturn = code;
  }
  return SUCCESS;
}
#endif
