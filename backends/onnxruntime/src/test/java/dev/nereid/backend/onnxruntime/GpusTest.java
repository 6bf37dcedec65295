package dev.nereid.backend.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtException.OrtErrorCode;
import dev.nereid.backend.BackendException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway.Init") // JUnit fills the directory before each test.
class GpusTest {

  @TempDir private Path directory;

  private Gpus gpus(int init, int version, int count, int sync) throws Exception {
    return Gpus.find(FakeDriver.library(directory, init, version, count, sync).toString());
  }

  @Test
  void theDriverTellsNamesAndComputeCapabilities() throws Exception {
    Gpus gpus = gpus(0, 13_000, 2, 0);
    assertThat(gpus.all())
        .containsExactly(new Gpu(0, "Tesla T4", 7, 5), new Gpu(1, "NVIDIA H100 80GB HBM3", 9, 0));
    assertThat(gpus.all()).extracting(Gpu::hasBf16).containsExactly(false, true);
    assertThat(gpus.all())
        .extracting(Gpu::kind)
        .containsExactly("tesla-t4-sm75", "nvidia-h100-80gb-hbm3-sm90");
    assertThat(gpus.get(1)).isEqualTo(gpus.all().get(1));
  }

  @Test
  void aGpuThatIsNotThereIsRefusedWithThoseThatAre() throws Exception {
    assertThatThrownBy(() -> gpus(0, 12_000, 1, 0).get(1))
        .isInstanceOf(BackendException.class)
        .hasMessage("GPU 1 (expected: one of 0: Tesla T4 (compute capability 7.5))");
  }

  @Test
  void aMachineWithoutADriverSaysWhichFileIsMissing() {
    Gpus gpus = Gpus.find("libno_such_driver.so.1");
    assertThat(gpus.all()).isEmpty();
    assertThat(gpus.absence())
        .startsWith("there is no NVIDIA driver: libno_such_driver.so.1: cannot open")
        .hasLineCount(1);
    assertThatThrownBy(() -> gpus.get(0))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("KIND_GPU (expected: KIND_CPU, since there is no NVIDIA driver");
  }

  @Test
  void aDriverWithoutAGpuIsQuoted() throws Exception {
    assertThat(gpus(100, 13_000, 0, 0).absence())
        .isEqualTo("the NVIDIA driver says: cuInit: error 100, no CUDA-capable device is detected");
    assertThat(gpus(0, 13_000, 0, 0).absence()).isEqualTo("the NVIDIA driver sees no GPU");
  }

  @Test
  void aDriverThatIsTooOldIsToldWithItsVersion() throws Exception {
    assertThat(gpus(0, 11_080, 1, 0).absence())
        .isEqualTo("the NVIDIA driver is for CUDA 11.8 (expected: 12.0 or newer)");
  }

  @Test
  void anErrorThatSticksLosesTheDeviceForAllSessions() throws Exception {
    DeviceFaults faults = new DeviceFaults(gpus(0, 13_000, 2, 0));
    faults.examine(
        1,
        new OrtException(
            OrtErrorCode.ORT_FAIL,
            "CUDA failure 700: an illegal memory access was encountered ; GPU=1 ; line=4"));
    assertThat(faults.of(1)).hasValue("CUDA error 700: an illegal memory access was encountered");
    assertThat(faults.of(0)).isEmpty();
  }

  @Test
  void anErrorThatTheEngineDoesNotNameIsAskedOfTheDriver() throws Exception {
    OrtException vague =
        new OrtException(OrtErrorCode.ORT_FAIL, "TensorRT EP execution context enqueue failed.");
    DeviceFaults faults = new DeviceFaults(gpus(0, 13_000, 1, 719));
    faults.examine(0, vague);
    assertThat(faults.of(0))
        .hasValue("CUDA error 719: TensorRT EP execution context enqueue failed.");
    DeviceFaults none = new DeviceFaults(gpus(0, 13_000, 1, 0));
    none.examine(0, vague);
    assertThat(none.of(0)).isEmpty();
  }

  @Test
  void anErrorThatPassesLosesNothing() throws Exception {
    DeviceFaults faults = new DeviceFaults(gpus(0, 13_000, 1, 0));
    OrtException memory =
        new OrtException(OrtErrorCode.ORT_FAIL, "CUDA failure 2: out of memory ; GPU=0 ; expr=x");
    faults.examine(0, memory);
    assertThat(faults.of(0)).isEmpty();
    assertThat(OrtErrors.isOfDevice(memory)).isTrue();
  }

  @Test
  void errorsOfLibrariesAndMemoryAreTheDevices() {
    for (String said :
        new String[] {
          "CUDNN failure 4000: CUDNN_STATUS_INTERNAL_ERROR ; GPU=0",
          "Failed to load library x with error: libcublasLt.so.12: cannot open shared object file",
          "Failed to allocate memory for requested buffer of size 411041792",
          "cuDNN library was not found"
        }) {
      assertThat(OrtErrors.isOfDevice(new OrtException(OrtErrorCode.ORT_FAIL, said)))
          .as(said)
          .isTrue();
    }
    assertThat(
            OrtErrors.isOfDevice(
                new OrtException(OrtErrorCode.ORT_FAIL, "Non-zero status code: Reshape node")))
        .isFalse();
  }
}
