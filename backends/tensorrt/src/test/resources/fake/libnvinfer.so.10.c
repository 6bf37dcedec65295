/*
 * TensorRT, as far as the backend calls it to run a plan: objects as its C++ classes lay them out, each with its own
 * table of functions and that of its implementation. A plan is a text, "FAKE max=16 profiles=2 scratch=64", and
 * perhaps " odd=1" for what is not supported; the
 * engine turns INPUT, FP32 [-1,4], into OUTPUT, FP32 [-1,4]: 2 x + 1. Thirteen rows are
 * refused; a batch whose first number is 700 breaks the device.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dims { int32_t n; int64_t d[8]; };
struct object { void **table; struct object *impl; struct object *made_of; int uses; int kind; };
enum { RUNTIME, ENGINE, CONTEXT, INSPECTOR };

static int live, wrongOrder, enqueues, max, profiles, odd;
static long scratch;
static void *logger;
int fakeTensorRtLive(void) { return live; }
int fakeTensorRtWrongOrder(void) { return wrongOrder; }
int fakeTensorRtEnqueues(void) { return enqueues; }

static void say(int severity, const char *text) {
  void ***log = logger;
  ((void (*)(void *, int, const char *))(*log)[0])(logger, severity, text);
}

struct context { struct object object; int profile; long rows; float *in, *out; void *memory; long memoryBytes; };

static void incomplete(void *self) { wrongOrder += 1000; }
static void destroy(struct object *self) {
  if (self->uses) wrongOrder++;
  if (self->made_of) self->made_of->uses--;
  live--;
  self->table = 0;
  free(self);
}
static void missing(void) { fprintf(stderr, "the fake TensorRT lacks a function that is called\n"); abort(); }

/* The class has its destructors alone; all else is in the implementation, which is the same object here. */
static void *api[] = {incomplete, destroy};

static struct object *make(int kind, void **functions, struct object *of, size_t bytes) {
  struct object *object = calloc(1, bytes);
  object->table = api;
  /* The implementation: a pointer to its table, and behind it a way back. */
  struct { void **table; struct object *self; } *impl = calloc(1, sizeof *impl);
  impl->table = functions;
  impl->self = object;
  object->impl = (struct object *)impl;
  object->made_of = of;
  object->kind = kind;
  if (of) of->uses++;
  live++;
  return object;
}
#define SELF(impl) (((struct { void **table; struct object *self; } *)(impl))->self)

static const char *LAYER = "{\"Name\": \"a\", \"Format/Datatype\": \"Row major Int8 format\"}";
static const char *layerInformation(void *impl, int layer, int format) { return LAYER; }
static void *inspectorFunctions[64];

static int run(struct context *at) {
  if (at->in[0] == 700) return 700;
  for (long i = 0; i < at->rows * 4; i++) at->out[i] = 2 * at->in[i] + 1;
  return 0;
}
static char setProfile(void *impl, int profile, void *stream) {
  ((struct context *)SELF(impl))->profile = profile;
  return profile >= 0 && profile < profiles;
}
static void setMemory(void *impl, void *memory, int64_t bytes) {
  ((struct context *)SELF(impl))->memory = memory;
  ((struct context *)SELF(impl))->memoryBytes = bytes;
}
static char setInputShape(void *impl, const char *name, const struct dims *dims) {
  if (strcmp(name, "INPUT") || dims->n != 2 || dims->d[0] < 1 || dims->d[0] > max || dims->d[1] != 4) {
    say(1, "setInputShape: out of the profile's range");
    return 0;
  }
  ((struct context *)SELF(impl))->rows = dims->d[0];
  return 1;
}
static struct dims contextShape(void *impl, const char *name) {
  return (struct dims){2, {odd == 3 ? -1 : ((struct context *)SELF(impl))->rows, 4}};
}
static char setAddress(void *impl, const char *name, void *address) {
  struct context *context = (struct context *)SELF(impl);
  if (!strcmp(name, "INPUT")) context->in = address; else context->out = address;
  return address && !((uintptr_t)address % 256);
}
static char enqueue(void *impl, void *stream) {
  struct context *context = (struct context *)SELF(impl);
  enqueues++;
  if (!context->rows || !context->memory || context->memoryBytes < scratch) {
    say(1, "enqueueV3: shapes or memory are not set");
    return 0;
  }
  if (context->rows == 13) {
    say(1, "enqueueV3: thirteen rows bring bad luck");
    return 0;
  }
  int (*put)(void *, int (*)(void *), const void *, size_t) = dlsym(RTLD_DEFAULT, "fakeCudaEnqueue");
  return !put(stream, (int (*)(void *))run, context, sizeof *context);
}
static void *contextFunctions[64];

static int two(void *impl) { return 2; }
static const char *tensorName(void *impl, int i) { return i ? "OUTPUT" : "INPUT"; }
static int tensorMode(void *impl, const char *name) { return strcmp(name, "INPUT") ? 2 : 1; }
static int zero(void *impl, const char *name) { return 0; }
static char shapeTensor(void *impl, const char *name) { return odd == 1; }
static int format(void *impl, const char *name) { return odd == 2 ? 5 : 0; }
static const char *formatText(void *impl, const char *name) { return "kCHW32"; }
static int type(void *impl, const char *name) { return odd == 4 ? 6 : 0; }
static int profileCount(void *impl) { return profiles; }
static struct dims tensorShape(void *impl, const char *name) { return (struct dims){2, {-1, 4}}; }
static struct dims profileShape(void *impl, const char *name, int profile, int select) {
  return (struct dims){2, {select == 0 ? 1 : max, 4}};
}
static int64_t scratchBytes(void *impl, int profile) { return scratch; }
static void *createContext(void *impl, int strategy) {
  return strategy == 2 ? make(CONTEXT, contextFunctions, SELF(impl), sizeof(struct context)) : 0;
}
static void *createInspector(void *impl) { return make(INSPECTOR, inspectorFunctions, SELF(impl), sizeof(struct object)); }
static void *engineFunctions[64];

static void *deserialize(void *impl, const char *plan, size_t bytes) {
  if (bytes < 5 || memcmp(plan, "FAKE ", 5)) {
    say(1, "deserializeCudaEngine: Magic tag does not match");
    return 0;
  }
  odd = 0;
  sscanf(plan, "FAKE max=%d profiles=%d scratch=%ld odd=%d", &max, &profiles, &scratch, &odd);
  return make(ENGINE, engineFunctions, SELF(impl), sizeof(struct object));
}
static void *runtimeFunctions[64];

void *createInferRuntime_INTERNAL(void *log, int version) {
  logger = log;
  for (int i = 0; i < 64; i++) {
    inspectorFunctions[i] = contextFunctions[i] = engineFunctions[i] = runtimeFunctions[i] = missing;
  }
  runtimeFunctions[0x18 / 8] = deserialize;
  engineFunctions[0x18 / 8] = two;
  engineFunctions[0x28 / 8] = createContext;
  engineFunctions[0x50 / 8] = profileCount;
  engineFunctions[0x90 / 8] = createInspector;
  engineFunctions[0x98 / 8] = tensorShape;
  engineFunctions[0xa0 / 8] = type;
  engineFunctions[0xa8 / 8] = zero;
  engineFunctions[0xb0 / 8] = shapeTensor;
  engineFunctions[0xb8 / 8] = tensorMode;
  engineFunctions[0xd0 / 8] = format;
  engineFunctions[0xd8 / 8] = formatText;
  engineFunctions[0xe8 / 8] = profileShape;
  engineFunctions[0xf0 / 8] = two;
  engineFunctions[0xf8 / 8] = tensorName;
  engineFunctions[0x1a8 / 8] = scratchBytes;
  contextFunctions[0x88 / 8] = setProfile;
  contextFunctions[0xa8 / 8] = setInputShape;
  contextFunctions[0xb0 / 8] = contextShape;
  contextFunctions[0xc0 / 8] = setAddress;
  contextFunctions[0x128 / 8] = enqueue;
  contextFunctions[0x188 / 8] = setMemory;
  inspectorFunctions[0x28 / 8] = layerInformation;
  return make(RUNTIME, runtimeFunctions, 0, sizeof(struct object));
}
void *createInferBuilder_INTERNAL(void *log, int version) { return 0; }
int getInferLibVersion(void) { return 100600; }
int getInferLibMajorVersion(void) { return 10; }
int getInferLibMinorVersion(void) { return 6; }
int getInferLibPatchVersion(void) { return 0; }
int getInferLibBuildVersion(void) { return 26; }
