package dev.nereid.backend.tensorflow.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CudaDriverTest {

  private static final String TWO_GPUS =
      """
      #include <string.h>
      int cuInit(unsigned flags) { return flags; }
      int cuDriverGetVersion(int* v) { *v = 12040; return 0; }
      int cuDeviceGetCount(int* n) { *n = 2; return 0; }
      int cuDeviceGet(int* device, int ordinal) { *device = 70 + ordinal; return 0; }
      int cuDeviceGetName(char* name, int length, int device) {
        strncpy(name, device == 70 ? "NVIDIA H100 80GB HBM3" : "Tesla T4", length);
        return 0;
      }
      int cuDeviceGetAttribute(int* value, int attribute, int device) {
        if (attribute == 75) *value = device == 70 ? 9 : 7;
        else if (attribute == 76) *value = device == 70 ? 0 : 5;
        else return 1;
        return 0;
      }
      """;

  @TempDir Path directory;

  @Test
  void tellsNamesAndComputeCapabilities() throws Exception {
    Path library = FakeLibrary.compile(directory, "libcuda.so.1", TWO_GPUS);
    Path version =
        Files.writeString(
            directory.resolve("version"),
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build\nGCC version: gcc version 13.3.0\n");
    CudaDriver driver = CudaDriver.find(library.toString(), version).orElseThrow();
    assertThat(driver.devices())
        .containsExactly(
            new CudaDriver.Device("NVIDIA H100 80GB HBM3", 9, 0),
            new CudaDriver.Device("Tesla T4", 7, 5));
    assertThat(driver.version()).isEqualTo("580.159.04");
    assertThat(driver.cudaVersionText()).isEqualTo("12.4");
    assertThat(driver.devices().get(1)).hasToString("Tesla T4 (compute capability 7.5)");
  }

  @Test
  void aDriverThatDoesNotStartIsNone() throws Exception {
    Path library =
        FakeLibrary.compile(
            directory, "libcuda.so.1", "int cuInit(unsigned flags) { return 100; }");
    assertThat(CudaDriver.find(library.toString(), Path.of("/none"))).isEmpty();
    assertThat(CudaDriver.find(directory.resolve("none.so").toString(), Path.of("/none")))
        .isEmpty();
  }
}
