package dev.nereid.server.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The driver's library, played by one that was built here. */
class CudaDriverTest {

  private static final long GIB = 1L << 30;

  @TempDir Path directory;

  @Test
  void saysWhatADeviceIs() throws Exception {
    FakeLibrary fake = FakeLibrary.of(directory, "fake_cuda");
    fake.tell("fake_add", "NVIDIA H100 80GB HBM3", "0000:AB:00.0", 0x10, 9, 0, 80 * GIB);
    fake.tell("fake_add", "Tesla T4", "00000000:01:00.0", 0xf8, 7, 5, 15 * GIB);
    fake.tell("fake_version", 13000);

    CudaDriver driver = CudaDriver.open(fake.path());

    assertThat(driver.version()).isEqualTo(13000);
    assertThat(driver.deviceCount()).isEqualTo(2);
    int h100 = driver.device(0);
    assertThat(driver.name(h100)).isEqualTo("NVIDIA H100 80GB HBM3");
    assertThat(driver.pciBusId(h100)).isEqualTo("0000:ab:00.0");
    assertThat(driver.uuid(h100)).isEqualTo("GPU-10111213-1415-1617-1819-1a1b1c1d1e1f");
    assertThat(driver.computeCapability(h100)).isEqualTo(new ComputeCapability(9, 0));
    assertThat(driver.totalMemoryBytes(h100)).isEqualTo(80 * GIB);
    int t4 = driver.device(1);
    assertThat(driver.uuid(t4)).isEqualTo("GPU-f8f9fafb-fcfd-feff-0001-020304050607");
    assertThat(driver.computeCapability(t4)).hasToString("7.5");
  }

  @Test
  void aSliceOfAGpuHasAUuidOfItsOwn() throws Exception {
    FakeLibrary fake = FakeLibrary.of(directory, "fake_cuda");
    fake.tell("fake_add", "NVIDIA H100 MIG 1g.10gb", "0000:AB:00.0", 0x10, 9, 0, 10 * GIB);
    fake.tell("fake_slice", 0, 0x40);

    CudaDriver driver = CudaDriver.open(fake.path());

    assertThat(driver.uuid(driver.device(0))).isEqualTo("MIG-40414243-4445-4647-4849-4a4b4c4d4e4f");
  }

  @Test
  void aDriverWithoutUuidsOfSlicesNamesTheGpu() throws Exception {
    FakeLibrary fake = FakeLibrary.of(directory, "fake_cuda", "WITHOUT_UUID_V2");
    fake.tell("fake_add", "Tesla V100", "0000:AB:00.0", 0x10, 7, 0, GIB);

    CudaDriver driver = CudaDriver.open(fake.path());

    assertThat(driver.uuid(driver.device(0))).startsWith("GPU-1011");
    assertThat(driver.has("cuDeviceGetUuid_v2")).isFalse();
    assertThat(driver.has("cuDeviceGetUuid")).isTrue();
  }

  @Test
  void withoutALibraryTheReasonNamesIt() {
    String missing = directory.resolve("libcuda.so.1").toString();
    assertThatThrownBy(() -> CudaDriver.open(missing))
        .isInstanceOf(CudaException.class)
        .hasMessageContaining(missing)
        .hasMessageNotContaining("\n");
  }

  @Test
  void aFileThatIsNoLibraryIsNotOne() throws Exception {
    Path text = Files.writeString(directory.resolve("text.so"), "not a library");
    assertThatThrownBy(() -> CudaDriver.open(text.toString()))
        .isInstanceOf(CudaException.class)
        .hasMessageContaining("text.so")
        .hasMessageNotContaining("\n");
  }

  @Test
  void aDriverThatFindsNoDeviceSaysSo() {
    FakeLibrary fake = FakeLibrary.of(directory, "fake_cuda", "NO_DEVICE");
    CudaException refused =
        catchThrowableOfType(CudaException.class, () -> CudaDriver.open(fake.path()));
    assertThat(refused)
        .hasMessage("cuInit: CUDA_ERROR_NO_DEVICE (100): no CUDA-capable device is detected");
    assertThat(refused.code()).isEqualTo(100);
    assertThat(refused.errorName()).isEqualTo("CUDA_ERROR_NO_DEVICE");
  }

  @Test
  void anErrorThatTheDriverHasNoWordsForKeepsItsNumber() {
    FakeLibrary fake = FakeLibrary.of(directory, "fake_cuda", "INIT_FAILS=4711");
    assertThatThrownBy(() -> CudaDriver.open(fake.path()))
        .hasMessage("cuInit: unknown CUDA error 4711 (4711): unknown CUDA error 4711");
  }

  @Test
  void aFunctionThatAnOldDriverLacksIsNamed() throws Exception {
    FakeLibrary fake = FakeLibrary.of(directory, "fake_cuda", "WITHOUT_PRIMARY_CONTEXT");
    fake.tell("fake_add", "Tesla K80", "0000:AB:00.0", 0x10, 3, 7, GIB);
    CudaDriver driver = CudaDriver.open(fake.path());

    assertThatThrownBy(() -> driver.retainContext(driver.device(0)))
        .isInstanceOf(CudaException.class)
        .hasMessageStartingWith("cuDevicePrimaryCtxRetain: not in ")
        .hasMessageEndingWith("(expected: a newer driver)");
  }

  @Test
  void aContextIsHeldOnceAndLeftOnce() throws Exception {
    FakeLibrary fake = FakeLibrary.of(directory, "fake_cuda");
    fake.tell("fake_add", "NVIDIA H100", "0000:AB:00.0", 0x10, 9, 0, GIB);
    CudaDriver driver = CudaDriver.open(fake.path());

    CudaContext context = driver.retainContext(driver.device(0));
    assertThat(fake.ask("fake_holds", 0)).isEqualTo(1);
    context.run(() -> assertThat(fake.askPointer("fake_current")).isEqualTo(context.pointer()));
    assertThat(fake.ask("fake_depth")).isZero();
    context.makeCurrent();
    assertThat(fake.askPointer("fake_current")).isEqualTo(context.pointer());
    context.close();
    context.close();
    assertThat(fake.ask("fake_holds", 0)).isZero();
  }

  @Test
  void whatFailsOnTheDeviceThrowsItsError() throws Exception {
    FakeLibrary fake = FakeLibrary.of(directory, "fake_cuda");
    fake.tell("fake_add", "NVIDIA H100", "0000:AB:00.0", 0x10, 9, 0, GIB);
    CudaDriver driver = CudaDriver.open(fake.path());
    fake.tell("fake_fail", "cuDevicePrimaryCtxRetain", 2);

    CudaException refused =
        catchThrowableOfType(CudaException.class, () -> driver.retainContext(driver.device(0)));
    assertThat(refused)
        .hasMessage("cuDevicePrimaryCtxRetain: CUDA_ERROR_OUT_OF_MEMORY (2): out of memory");
    assertThat(refused.isOutOfMemory()).isTrue();
  }
}
