/*
 * TensorRT's ONNX parser: wants INPUT [rows,4] with rows fixed, and knows every operator but Unparsable. The plan of an
 * engine with Garbled is none, and that of one with Huge has more bytes than there is memory.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct object { void **table; void *impl; void *of; int uses; int rows, odd; };
void fakeTensorRtSay(int severity, const char *text);

struct parser { void **table; struct object *network; };

static char parseFromFile(struct parser *self, const char *path, int severity) {
  static char bytes[1 << 16];
  FILE *file = fopen(path, "r");
  size_t read = file ? fread(bytes, 1, sizeof bytes - 64, file) : 0;
  if (file) fclose(file);
  if (memmem(bytes, read, "Unparsable", 10)) {
    fakeTensorRtSay(1, "ModelImporter.cpp:729: In node 0 (importFallbackPluginImporter): UNSUPPORTED_NODE: Unparsable");
    return 0;
  }
  if (memmem(bytes, read, "weights.bin", 11)) {
    char beside[4096];
    sprintf(beside, "%.*s/weights.bin", (int)(strrchr(path, '/') - path), path);
    file = fopen(beside, "r");
    if (!file) { fakeTensorRtSay(1, "weights.bin: no such file"); return 0; }
    fclose(file);
  }
  for (char *p = bytes; p + 32 < bytes + read; p++) {
    if (!memcmp(p, "INPUT", 5) && p[5] == 0x12 && p[7] == 0x0a && p[9] == 8 && p[11] == 0x12 && p[13] == 0x0a
        && p[14] == 2 && p[15] == 8) {
      self->network->rows = p[16];
      self->network->odd = memmem(bytes, read, "Garbled", 7) ? 6 : memmem(bytes, read, "Huge", 4) ? 7 : 0;
      return 1;
    }
  }
  fakeTensorRtSay(1, "Network has dynamic or shape inputs, but no optimization profile has been defined.");
  return 0;
}
static void destroy(struct parser *self) { free(self); }
static void missing(void) { fprintf(stderr, "the fake parser lacks a function that is called\n"); abort(); }
static void *table[] = {missing, parseFromFile, missing, missing, missing, missing, missing, missing, missing, missing, destroy};

void *createNvOnnxParser_INTERNAL(struct object *network, void *log, int version) {
  struct parser *parser = calloc(1, sizeof *parser);
  parser->table = table;
  parser->network = network;
  return parser;
}
