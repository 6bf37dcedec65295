/*
 * A DCGM whose GPUs a test makes up: the functions that the server calls, by their real signatures and structs, and
 * functions of its own that say what they answer.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef int dcgmReturn_t;
typedef uintptr_t dcgmHandle_t, dcgmGpuGrp_t, dcgmFieldGrp_t;

enum { OK = 0, BADPARAM = -1, NOT_SUPPORTED = -6, NO_DATA = -14, NOT_WATCHED = -16, CONNECTION_NOT_VALID = -21,
       DUPLICATE_KEY = -26, REQUIRES_ROOT = -29 };

#ifdef OLDER_VALUES
typedef struct {
  unsigned version;
  unsigned short fieldId, fieldType;
  int status;
  int64_t ts;
  union { int64_t i64; double dbl; char str[256]; char blob[2048]; } value;
} dcgmFieldValue_v1;
#else
typedef struct {
  unsigned version;
  unsigned short fieldId, fieldType;
  int status;
  int64_t ts;
  union { int64_t i64; double dbl; char str[256]; char blob[4096]; } value;
} dcgmFieldValue_v1;
#endif

#define VERSION (sizeof(dcgmFieldValue_v1) | 1 << 24)
#define HANDLE 0x7fffffff5

#define MAX_VALUES 128
static struct Value { int gpu; int field; char type; int64_t i64; double dbl; int status; } values[MAX_VALUES];
static int value_count;

static struct { int id; char uuid[96]; } gpus[8];
static int gpu_count;

static int initialised, sessions, groups, field_groups, watches, updates;
static int lost;
static int64_t frequency;
static char address[64];
static char names[16][64];
static int name_count;

/* Of each group its GPUs, of each field group its fields; handles are their places and 1000. */
static struct { int all; int gpus[8]; int count; int live; } group[8];
static struct { unsigned short fields[16]; int count; int live; } field_group[16];
static struct { int group, fields; } watched[16];

/* ---- what a test says ---- */

void fake_gpu(int id, const char *uuid) {
  gpus[gpu_count].id = id;
  snprintf(gpus[gpu_count++].uuid, sizeof gpus[0].uuid, "%s", uuid);
}

static struct Value *value_of(int gpu, int field) {
  for (int i = 0; i < value_count; i++) {
    if (values[i].gpu == gpu && values[i].field == field) return &values[i];
  }
  values[value_count].gpu = gpu;
  values[value_count].field = field;
  return &values[value_count++];
}

void fake_integer(int gpu, int field, long long i64) {
  struct Value *v = value_of(gpu, field);
  v->type = 'i';
  v->i64 = i64;
  v->status = OK;
}

void fake_double(int gpu, int field, double dbl) {
  struct Value *v = value_of(gpu, field);
  v->type = 'd';
  v->dbl = dbl;
  v->status = OK;
}

void fake_status(int gpu, int field, int status) { value_of(gpu, field)->status = status; }
void fake_lose(void) { lost = 1; }

int fake_sessions(void) { return sessions; }
int fake_initialised(void) { return initialised; }
int fake_left(void) { return groups + field_groups + watches; }
int fake_updates(void) { return updates; }
int fake_frequency(void) { return (int) frequency; }
const char *fake_address(void) { return address; }

/* ---- DCGM ---- */

const char *errorString(dcgmReturn_t result) {
  switch (result) {
    case BADPARAM: return "Bad parameter passed to function";
    case NOT_SUPPORTED: return "This request is not supported";
    case NOT_WATCHED: return "Field is not being updated";
    case CONNECTION_NOT_VALID: return "The connection to the host engine is not valid any longer";
    case DUPLICATE_KEY: return "Duplicate key passed to the function";
    case REQUIRES_ROOT: return "This operation is not supported when the host engine is running as non root";
    default: return "unknown";
  }
}

dcgmReturn_t dcgmInit(void) {
  initialised++;
  return OK;
}

dcgmReturn_t dcgmShutdown(void) {
  initialised--;
  return OK;
}

dcgmReturn_t dcgmStartEmbedded(int mode, dcgmHandle_t *handle) {
  if (!initialised || mode != 2) return BADPARAM;
#ifdef START_FAILS
  return START_FAILS;
#endif
  sessions++;
  *handle = HANDLE;
  return OK;
}

dcgmReturn_t dcgmConnect(const char *to, dcgmHandle_t *handle) {
  if (!initialised) return BADPARAM;
#ifdef CONNECT_FAILS
  return CONNECTION_NOT_VALID;
#endif
  snprintf(address, sizeof address, "%s", to);
  sessions++;
  *handle = HANDLE;
  return OK;
}

dcgmReturn_t dcgmStopEmbedded(dcgmHandle_t handle) {
  if (handle != HANDLE || address[0]) return BADPARAM;
  sessions--;
  return OK;
}

dcgmReturn_t dcgmDisconnect(dcgmHandle_t handle) {
  if (handle != HANDLE || !address[0]) return BADPARAM;
  sessions--;
  return OK;
}

dcgmReturn_t dcgmGetAllDevices(dcgmHandle_t handle, unsigned ids[32], int *count) {
  if (handle != HANDLE) return BADPARAM;
  for (int i = 0; i < gpu_count; i++) ids[i] = (unsigned) gpus[i].id;
  *count = gpu_count;
  return OK;
}

dcgmReturn_t dcgmGroupCreate(dcgmHandle_t handle, int type, const char *name, dcgmGpuGrp_t *id) {
  if (handle != HANDLE || type < 0 || type > 1 || !name[0]) return BADPARAM;
  int i = 0;
  while (group[i].live) i++;
  group[i].live = 1;
  group[i].all = type == 0;
  group[i].count = 0;
  groups++;
  *id = (dcgmGpuGrp_t) (1000 + i);
  return OK;
}

dcgmReturn_t dcgmGroupDestroy(dcgmHandle_t handle, dcgmGpuGrp_t id) {
  if (handle != HANDLE || !group[id - 1000].live) return BADPARAM;
  group[id - 1000].live = 0;
  groups--;
  return OK;
}

dcgmReturn_t dcgmGroupAddDevice(dcgmHandle_t handle, dcgmGpuGrp_t id, unsigned gpu) {
  if (handle != HANDLE || !group[id - 1000].live) return BADPARAM;
  group[id - 1000].gpus[group[id - 1000].count++] = (int) gpu;
  return OK;
}

dcgmReturn_t dcgmFieldGroupCreate(
    dcgmHandle_t handle, int count, const unsigned short *fields, const char *name, dcgmFieldGrp_t *id) {
  if (handle != HANDLE || count < 1) return BADPARAM;
  for (int i = 0; i < name_count; i++) {
    if (strcmp(names[i], name) == 0) return DUPLICATE_KEY;
  }
  snprintf(names[name_count++], sizeof names[0], "%s", name);
  int i = 0;
  while (field_group[i].live) i++;
  field_group[i].live = 1;
  field_group[i].count = count;
  memcpy(field_group[i].fields, fields, (size_t) count * sizeof *fields);
  field_groups++;
  *id = (dcgmFieldGrp_t) (1000 + i);
  return OK;
}

dcgmReturn_t dcgmFieldGroupDestroy(dcgmHandle_t handle, dcgmFieldGrp_t id) {
  if (handle != HANDLE || !field_group[id - 1000].live) return BADPARAM;
  field_group[id - 1000].live = 0;
  field_groups--;
  return OK;
}

dcgmReturn_t dcgmWatchFields(
    dcgmHandle_t handle, dcgmGpuGrp_t g, dcgmFieldGrp_t f, long long micros, double age, int samples) {
  if (handle != HANDLE || !group[g - 1000].live || !field_group[f - 1000].live || age != 5.0 || samples != 5) {
    return BADPARAM;
  }
#ifdef WITHOUT_PROFILING
  if (field_group[f - 1000].fields[0] > 1000) return REQUIRES_ROOT;
#endif
  frequency = micros;
  watched[watches].group = (int) g - 1000;
  watched[watches++].fields = (int) f - 1000;
  return OK;
}

dcgmReturn_t dcgmUnwatchFields(dcgmHandle_t handle, dcgmGpuGrp_t g, dcgmFieldGrp_t f) {
  if (handle != HANDLE || !group[g - 1000].live || !field_group[f - 1000].live) return BADPARAM;
  watches--;
  return OK;
}

dcgmReturn_t dcgmUpdateAllFields(dcgmHandle_t handle, int wait) {
  if (handle != HANDLE || wait != 1) return BADPARAM;
  if (lost) return CONNECTION_NOT_VALID;
  updates++;
  return OK;
}

static int is_watched(int gpu, int field) {
  for (int w = 0; w < watches; w++) {
    int g = watched[w].group, f = watched[w].fields, has_gpu = group[g].all, has_field = 0;
    for (int i = 0; i < group[g].count; i++) has_gpu |= group[g].gpus[i] == gpu;
    for (int i = 0; i < field_group[f].count; i++) has_field |= field_group[f].fields[i] == field;
    if (has_gpu && has_field) return 1;
  }
  return 0;
}

dcgmReturn_t dcgmGetLatestValuesForFields(
    dcgmHandle_t handle, int gpu, unsigned short fields[], unsigned count, dcgmFieldValue_v1 out[]) {
  if (handle != HANDLE) return BADPARAM;
  if (lost) return CONNECTION_NOT_VALID;
  for (unsigned i = 0; i < count; i++) {
    dcgmFieldValue_v1 *o = &out[i];
    o->version = VERSION;
    o->fieldId = fields[i];
    o->ts = 1;
    if (!is_watched(gpu, fields[i])) {
      o->status = NOT_WATCHED;
      continue;
    }
    o->status = OK;
    if (fields[i] == 54) {
      o->fieldType = 's';
      for (int g = 0; g < gpu_count; g++) {
        if (gpus[g].id == gpu) snprintf(o->value.str, sizeof o->value.str, "%s", gpus[g].uuid);
      }
      continue;
    }
    struct Value *v = value_of(gpu, fields[i]);
    o->fieldType = (unsigned short) (v->type ? v->type : 'i');
    o->status = v->type || v->status ? v->status : NO_DATA;
    if (v->type == 'd') {
      o->value.dbl = v->dbl;
    } else {
      o->value.i64 = v->i64;
    }
  }
  return OK;
}
