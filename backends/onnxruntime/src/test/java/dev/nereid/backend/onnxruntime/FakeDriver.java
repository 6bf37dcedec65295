package dev.nereid.backend.onnxruntime;

import java.nio.file.Path;

/** A stand-in for the driver's library: its real functions, with what a test says behind them. */
final class FakeDriver {

  private FakeDriver() {}

  /**
   * Compiles one.
   *
   * @param init what {@code cuInit} answers
   * @param version that it tells
   * @param gpus that it sees; the first is a T4, all others an H100
   * @param sync what {@code cuCtxSynchronize} answers
   */
  static Path library(Path directory, int init, int version, int gpus, int sync) throws Exception {
    // A name of its own: a process keeps what it loaded.
    String name = "libfake%d_%d_%d_%d.so".formatted(init, version, gpus, sync);
    return CompiledLibrary.of(
        directory,
        name,
        """
        #include <string.h>
        int cuInit(unsigned int flags) { return flags == 0 ? %d : 1; }
        int cuDriverGetVersion(int *version) { *version = %d; return 0; }
        int cuDeviceGetCount(int *count) { *count = %d; return 0; }
        int cuDeviceGet(int *device, int index) { *device = index + 40; return 0; }
        int cuDeviceGetName(char *name, int size, int device) {
          strncpy(name, device == 40 ? "Tesla T4" : "NVIDIA H100 80GB HBM3", size);
          return 0;
        }
        int cuDeviceGetAttribute(int *value, int attribute, int device) {
          if (attribute == 75) *value = device == 40 ? 7 : 9;
          else if (attribute == 76) *value = device == 40 ? 5 : 0;
          else return 1;
          return 0;
        }
        int cuGetErrorString(int error, const char **text) {
          *text = error == 100 ? "no CUDA-capable device is detected" : 0;
          return error == 100 ? 0 : 1;
        }
        int cuCtxSynchronize(void) { return %d; }
        """
            .formatted(init, version, gpus, sync));
  }
}
