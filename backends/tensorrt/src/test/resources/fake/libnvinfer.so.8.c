/*
 * TensorRT 8.6, as far as DJL's native library calls it: objects as its C++ classes lay them out, each with its own
 * table of functions and that of its implementation. A plan is a text, "FAKE8 rows=16 scratch=64 odd=0"; the engine
 * turns INPUT, FP32 [rows,4], into OUTPUT, FP32 [rows,4]: 2 x + 1. A batch whose first number is 13 is refused, one
 * whose first number is 700 breaks the device. Where the device has no memory there is no runtime.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dims { int32_t n; int32_t d[8]; };
struct implementation { void **table; struct object *self; };
struct object { void **table; struct implementation *impl; struct object *of; int uses; int rows, odd; long scratch;
                char text[96]; };

static int live, wrongOrder, builds, flags;
static void *logger;
int fakeTensorRtLive(void) { return live; }
int fakeTensorRtWrongOrder(void) { return wrongOrder; }
int fakeTensorRtBuilds(void) { return builds; }
int fakeTensorRtFlags(void) { return flags; }

/* Called in the midst of deserialising. */
static void (*onDeserialize)(void);
void fakeTensorRtOnDeserialize(void (*call)(void)) { onDeserialize = call; }

void fakeTensorRtSay(int severity, const char *text) {
  void ***log = logger;
  ((void (*)(void *, int, const char *))(*log)[0])(logger, severity, text);
}

static void missing(void) { fprintf(stderr, "the fake TensorRT lacks a function that is called\n"); abort(); }
static void incomplete(void *self) { wrongOrder += 1000; }
static void destroy(struct object *self) {
  if (self->uses) wrongOrder++;
  if (self->of) self->of->uses--;
  live--;
  free(self->impl);
  memset(self, 0, sizeof *self);
  free(self);
}
static void *api[] = {incomplete, destroy};
#define SELF(impl) (((struct implementation *)(impl))->self)

static void *functions[8][64];
enum { RUNTIME, ENGINE, CONTEXT, MEMORY, BUILDER, NETWORK, CONFIG, TENSOR };

static struct object *make(int kind, struct object *of) {
  struct object *object = calloc(1, sizeof *object);
  object->table = api;
  object->impl = calloc(1, sizeof *object->impl);
  object->impl->table = functions[kind];
  object->impl->self = object;
  object->of = of;
  if (of) of->uses++;
  live++;
  return object;
}

/* A runtime may go before its engines, and complains; DJL lets it every time. */
static void destroyRuntime(struct object *self) {
  if (self->uses) {
    fakeTensorRtSay(1, "Destroying a runtime before destroying deserialized engines created by the runtime leads to undefined behavior.");
  }
  self->uses = 0;
  destroy(self);
}
static void *runtimeApi[] = {incomplete, destroyRuntime};

static char executeV2(void *impl, float **bindings) {
  struct object *context = SELF(impl);
  int rows = context->of->rows;
  if (bindings[0][0] == 13) {
    fakeTensorRtSay(1, "executeV2: thirteen brings bad luck");
    return 0;
  }
  if (bindings[0][0] == 700) {
    ((void (*)(int))dlsym(RTLD_DEFAULT, "fakeCudaBreak"))(700);
    fakeTensorRtSay(1, "executeV2: an illegal address");
    return 0;
  }
  for (int i = 0; i < rows * 4; i++) bindings[1][i] = 2 * bindings[0][i] + 1;
  return 1;
}

static struct object *engineOf(void *impl) { return SELF(impl)->of ? SELF(impl)->of : SELF(impl); }
static int two(void *impl) { return 2; }
static int index_(void *impl, const char *name) { return !strcmp(name, "INPUT") ? 0 : !strcmp(name, "OUTPUT") ? 1 : -1; }
static const char *name(void *impl, int i) { return i ? "OUTPUT" : SELF(impl)->odd == 5 ? "IN\xf0\x9f\x98\x80" : "INPUT"; }
static char isInput(void *impl, int i) { return i == 0; }
static struct dims engineDims(void *impl, int i) {
  return (struct dims){2, {SELF(impl)->odd == 1 ? -1 : SELF(impl)->rows, 4}};
}
static struct dims contextDims(void *impl, int i) { return engineDims(SELF(impl)->of->impl, i); }
static int type(void *impl, int i) { return SELF(impl)->odd == 2 ? 5 : 0; }
static int vectorized(void *impl, int i) { return SELF(impl)->odd == 3 ? 1 : -1; }
static int one(void *impl, int i) { return 1; }
static void *serialize(void *impl) {
  struct object *engine = SELF(impl), *memory = make(MEMORY, 0);
  if (engine->odd == 4) { destroy(memory); fakeTensorRtSay(1, "serialize: no"); return 0; }
  sprintf(memory->text, engine->odd == 6 ? "garbled" : "FAKE8 rows=%d scratch=%ld odd=%d", engine->rows, engine->scratch, engine->odd);
  memory->odd = engine->odd;
  return memory;
}
static void *newContext(void *impl) {
  struct object *engine = SELF(impl);
  if (engine->scratch > 1l << 30) {
    fakeTensorRtSay(1, "createExecutionContext: out of memory");
    return 0;
  }
  return make(CONTEXT, engine);
}
static void *data(void *impl) { return SELF(impl)->text; }
static long size(void *impl) { return SELF(impl)->odd == 7 ? 1l << 60 : strlen(SELF(impl)->text); }

static void *deserialize(void *impl, const char *plan, size_t bytes, void *factory) {
  char text[96] = "";
  memcpy(text, plan, bytes < 95 ? bytes : 95);
  int rows, odd; long scratch;
  if (sscanf(text, "FAKE8 rows=%d scratch=%ld odd=%d", &rows, &scratch, &odd) != 3) {
    fakeTensorRtSay(1, "deserializeCudaEngine: Serialization assertion stdVersionRead == serializationVersion failed");
    return 0;
  }
  if (onDeserialize) onDeserialize();
  struct object *engine = make(ENGINE, 0);
  SELF(impl)->uses = 1;
  engine->rows = rows;
  engine->odd = odd;
  engine->scratch = scratch;
  return engine;
}

static void *newNetwork(void *impl, unsigned flags) {
  if (flags != 1) missing();
  return make(NETWORK, SELF(impl));
}
static void *newConfig(void *impl) { return make(CONFIG, SELF(impl)); }
static void *build(void *impl, struct object *network, struct object *config) {
  struct object *memory = make(MEMORY, 0);
  builds++;
  flags = config->odd;
  sprintf(memory->text, "FAKE8 rows=%d scratch=64 odd=%d", network->rows, network->odd);
  return memory;
}
static int zero(void *impl) { return 0; }
static int countOne(void *impl) { return 1; }
static void setFlag(void *impl, int flag) { SELF(impl)->odd |= 1 << flag; }
static void nothing(void *impl) {}
static struct object *tensor(void *impl, const char *text) {
  /* Of the network, and gone with it: never destroyed by anybody, so not counted. */
  static struct object tensors[2];
  static struct implementation impls[2];
  int i = text[0] == 'I' ? 0 : 1;
  impls[i] = (struct implementation){functions[TENSOR], &tensors[i]};
  tensors[i].impl = &impls[i];
  strcpy(tensors[i].text, text);
  return &tensors[i];
}
static void *networkInput(void *impl, int i) { return tensor(impl, "INPUT"); }
static void *networkOutput(void *impl, int i) { return tensor(impl, "OUTPUT"); }
static const char *tensorName(void *impl) { return SELF(impl)->text; }

static void fill(void) {
  for (int k = 0; k < 8; k++) for (int i = 0; i < 64; i++) functions[k][i] = missing;
  functions[RUNTIME][0x10 / 8] = deserialize;
  functions[ENGINE][0x10 / 8] = two;
  functions[ENGINE][0x18 / 8] = index_;
  functions[ENGINE][0x20 / 8] = name;
  functions[ENGINE][0x28 / 8] = isInput;
  functions[ENGINE][0x30 / 8] = engineDims;
  functions[ENGINE][0x38 / 8] = type;
  functions[ENGINE][0x50 / 8] = serialize;
  functions[ENGINE][0x58 / 8] = newContext;
  functions[ENGINE][0x88 / 8] = one;
  functions[ENGINE][0xa0 / 8] = vectorized;
  functions[CONTEXT][0x80 / 8] = contextDims;
  functions[CONTEXT][0xb8 / 8] = executeV2;
  functions[MEMORY][0x10 / 8] = data;
  functions[MEMORY][0x18 / 8] = size;
  functions[BUILDER][0x38 / 8] = zero;
  functions[BUILDER][0x48 / 8] = newConfig;
  functions[BUILDER][0x58 / 8] = newNetwork;
  functions[BUILDER][0x88 / 8] = build;
  functions[NETWORK][0x88 / 8] = zero;
  functions[NETWORK][0x98 / 8] = countOne;
  functions[NETWORK][0xa0 / 8] = networkInput;
  functions[NETWORK][0xa8 / 8] = countOne;
  functions[NETWORK][0xb0 / 8] = networkOutput;
  functions[CONFIG][0x50 / 8] = nothing;
  functions[CONFIG][0x78 / 8] = setFlag;
  functions[CONFIG][0xd8 / 8] = nothing;
  functions[TENSOR][0x18 / 8] = tensorName;
  functions[TENSOR][0x38 / 8] = zero;
}
void *createInferRuntime_INTERNAL(void *log, int version) {
  size_t available, total;
  ((int (*)(size_t *, size_t *))dlsym(RTLD_DEFAULT, "cudaMemGetInfo"))(&available, &total);
  if (available < 1 << 20) return 0;
  logger = log;
  fill();
  struct object *runtime = make(RUNTIME, 0);
  runtime->table = runtimeApi;
  return runtime;
}
void *createInferBuilder_INTERNAL(void *log, int version) { logger = log; fill(); return make(BUILDER, 0); }
int getInferLibVersion(void) { return 8601; }
