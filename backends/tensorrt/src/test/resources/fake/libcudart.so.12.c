/*
 * CUDA's runtime, as far as the backend calls it, on the memory of this machine. It does everything as late as
 * the rules allow: an operation on a stream runs when somebody waits for it or for what comes after it, and not
 * before, so that a wait that is missing shows as wrong data every time. One lock holds all of it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum kind { COPY, CALL, RECORD, WAIT };
struct event { long begun, done; struct stream *stream; };
struct op { enum kind kind; void *to; const void *from; size_t bytes; int (*call)(void *); void *argument;
            struct event *event; long ticket; struct op *next; };
struct stream { struct op *first, *last; struct op *captured, *capturedLast; int capturing; };

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static int live, sticky, lastError;
/* Of the device alone, and how large it is; how long an answer about it takes to arrive. */
static size_t used, whole = 1ul << 30;
static int late;
#define LOCKED(body) ({ pthread_mutex_lock(&lock); int result_ = sticky; if (!result_) { body; } \
  lastError = result_ ? result_ : lastError; pthread_mutex_unlock(&lock); result_; })

int fakeCudaLive(void) { return live; }
void fakeCudaBreak(int error) { sticky = error; }
void fakeCudaWhole(int mebibytes) { whole = (size_t)mebibytes << 20; }
void fakeCudaLate(int milliseconds) { late = milliseconds; }
void fakeCudaRepair(void) { sticky = 0; lastError = 0; }

static void append(struct stream *stream, struct op op) {
  struct op *added = malloc(sizeof op);
  *added = op;
  added->next = 0;
  struct op **first = stream->capturing ? &stream->captured : &stream->first;
  struct op **last = stream->capturing ? &stream->capturedLast : &stream->last;
  if (*first) (*last)->next = added; else *first = added;
  *last = added;
}

static void step(struct stream *stream) {
  struct op *op = stream->first;
  if (op->kind == WAIT && op->event->done < op->ticket) { step(op->event->stream); return; }
  stream->first = op->next;
  if (op->kind == COPY) memcpy(op->to, op->from, op->bytes);
  if (op->kind == RECORD) op->event->done = op->ticket;
  if (op->kind == CALL) { int error = op->call(op->argument); if (error) sticky = error; }
  free(op);
}

static int drain(struct stream *stream) {
  while (stream->first && !sticky) step(stream);
  return sticky;
}

/* For the fake TensorRT: runs call(a copy of argument) in the stream's order. */
int fakeCudaEnqueue(struct stream *stream, int (*call)(void *), const void *argument, size_t bytes) {
  void *copy = malloc(bytes);
  memcpy(copy, argument, bytes);
  return LOCKED(append(stream, (struct op){.kind = CALL, .call = call, .argument = copy}));
}

int cudaRuntimeGetVersion(int *version) { *version = 12060; return 0; }
int cudaGetDeviceCount(int *count) { *count = 1; return 0; }
int cudaSetDevice(int device) { return sticky ? sticky : device == 0 ? 0 : 101; }
int cudaGetLastError(void) { int error = sticky ? sticky : lastError; lastError = 0; return error; }
const char *cudaGetErrorString(int error) { return error == 2 ? "out of memory" : "an error"; }
const char *cudaGetErrorName(int error) { return "cudaErrorOfSomeKind"; }
int cudaGetDeviceProperties_v2(char *properties, int device) {
  memset(properties, 0, 1032);
  strcpy(properties, "Fake GPU");
  *(int *)(properties + 360) = 9;
  *(int *)(properties + 364) = 0;
  *(int *)(properties + 388) = 132;
  return 0;
}
int cudaMemGetInfo(size_t *available, size_t *total) {
  pthread_mutex_lock(&lock);
  *total = whole;
  *available = used < whole ? whole - used : 0;
  pthread_mutex_unlock(&lock);
  usleep(late * 1000);
  return sticky;
}

/* In the 256 bytes before the memory. */
struct block { size_t bytes; int onDevice; struct block *next; };
static struct block *blocks;

static int onDevice(const void *memory) {
  for (struct block *block = blocks; block; block = block->next) {
    const char *start = (const char *)block + 256;
    if (block->onDevice && (const char *)memory >= start && (const char *)memory < start + block->bytes) return 1;
  }
  return 0;
}
static int allocate(void **memory, size_t bytes, int device) {
  if (bytes > (1ul << 30) || device && used + bytes > whole) return 2;
  struct block *block = aligned_alloc(256, (bytes + 511) / 256 * 256);
  *block = (struct block){bytes, device, blocks};
  blocks = block;
  /* Not zero, as a device's memory is not. */
  memset((char *)block + 256, 0x7f, bytes);
  *memory = (char *)block + 256;
  if (device) used += bytes;
  live++;
  return 0;
}
static int release(void *memory) {
  if (!memory) return 0;
  struct block *block = (struct block *)((char *)memory - 256), **at = &blocks;
  while (*at != block) at = &(*at)->next;
  *at = block->next;
  if (block->onDevice) used -= block->bytes;
  free(block);
  live--;
  return 0;
}
int cudaMalloc(void **memory, size_t bytes) { return LOCKED(result_ = allocate(memory, bytes, 1)); }
int cudaHostAlloc(void **memory, size_t bytes, unsigned flags) { return LOCKED(result_ = allocate(memory, bytes, 0)); }
int cudaFree(void *memory) { pthread_mutex_lock(&lock); release(memory); pthread_mutex_unlock(&lock); return sticky; }
int cudaFreeHost(void *memory) { return cudaFree(memory); }
/* A real one refuses to copy across the border of two allocations. */
static size_t longestCopy = ~0ul;
static int copies, copiesOfKind[4];
void fakeCudaLongestCopy(int bytes) { longestCopy = bytes; }
int fakeCudaCopies(void) { return copies; }
/* 1: to the device, 2: from it, 3: on it. A copy that says another than it is, is refused. */
int fakeCudaCopiesOfKind(int kind) { return copiesOfKind[kind]; }
int cudaMemcpyAsync(void *to, const void *from, size_t bytes, int kind, struct stream *stream) {
  if (bytes > longestCopy) return 1;
  return LOCKED(
    if (kind != 2 * onDevice(from) + onDevice(to)) result_ = 1;
    else { copies++; copiesOfKind[kind]++; append(stream, (struct op){.kind = COPY, .to = to, .from = from, .bytes = bytes}); });
}
int cudaMemsetAsync(void *memory, int value, size_t bytes, struct stream *stream) {
  return LOCKED(drain(stream); memset(memory, value, bytes));
}

int cudaStreamCreateWithFlags(struct stream **stream, unsigned flags) {
  return LOCKED(*stream = calloc(1, sizeof **stream); live++);
}
int cudaStreamDestroy(struct stream *stream) {
  pthread_mutex_lock(&lock);
  drain(stream);
  free(stream);
  live--;
  pthread_mutex_unlock(&lock);
  return sticky;
}
int cudaStreamSynchronize(struct stream *stream) {
  return LOCKED(result_ = stream->capturing ? 900 : drain(stream));
}
int cudaStreamWaitEvent(struct stream *stream, struct event *event, unsigned flags) {
  return LOCKED(if (event->begun) append(stream, (struct op){.kind = WAIT, .event = event, .ticket = event->begun}));
}
int cudaEventCreateWithFlags(struct event **event, unsigned flags) {
  return LOCKED(*event = calloc(1, sizeof **event); live++);
}
int cudaEventDestroy(struct event *event) {
  pthread_mutex_lock(&lock);
  free(event);
  live--;
  pthread_mutex_unlock(&lock);
  return sticky;
}
int cudaEventRecord(struct event *event, struct stream *stream) {
  return LOCKED(event->stream = stream;
                append(stream, (struct op){.kind = RECORD, .event = event, .ticket = ++event->begun}));
}
int cudaEventQuery(struct event *event) {
  return LOCKED(if (event->done < event->begun) { step(event->stream); result_ = sticky ? sticky : 600; });
}
int cudaEventSynchronize(struct event *event) {
  return LOCKED(while (event->done < event->begun && !sticky) step(event->stream); result_ = sticky);
}

int cudaStreamBeginCapture(struct stream *stream, int mode) {
  return LOCKED(stream->capturing = 1; stream->captured = 0);
}
int cudaStreamEndCapture(struct stream *stream, struct stream **graph) {
  return LOCKED(stream->capturing = 0; *graph = calloc(1, sizeof **graph); (*graph)->first = stream->captured; live++);
}
int cudaGraphInstantiate(struct stream **executable, struct stream *graph, unsigned long long flags) {
  return LOCKED(*executable = calloc(1, sizeof **executable);
                for (struct op *op = graph->first; op; op = op->next) append(*executable, *op); live++);
}
int cudaGraphDestroy(struct stream *graph) { pthread_mutex_lock(&lock); live--; pthread_mutex_unlock(&lock); return sticky; }
int cudaGraphExecDestroy(struct stream *graph) { return cudaGraphDestroy(graph); }
int cudaGraphLaunch(struct stream *executable, struct stream *stream) {
  return LOCKED(for (struct op *op = executable->first; op; op = op->next) append(stream, *op));
}

/* What DJL's engine calls, on the default stream: all of it is done when it returns. */
static const void *copied_from;
void *fakeCudaCopiedFrom(void) { return (void *) copied_from; }
int cudaMemcpy(void *to, const void *from, size_t bytes, int kind) {
  return LOCKED(memcpy(to, from, bytes); if (kind == 1) copied_from = from);
}
int cudaStreamCreate(struct stream **stream) { return cudaStreamCreateWithFlags(stream, 0); }
int cudaStreamQuery(struct stream *stream) { return sticky; }
int cudaDeviceGetAttribute(int *value, int attribute, int device) {
  *value = attribute == 75 ? 9 : attribute == 16 ? 132 : 0;
  return 0;
}
