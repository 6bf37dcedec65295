package dev.nereid.server.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GpuDevicesTest {

  private static final long GIB = 1L << 30;

  @TempDir Path directory;

  private void numaNode(String pciBusId, String text) throws Exception {
    Path device = Files.createDirectories(directory.resolve("sys/bus/pci/devices/" + pciBusId));
    Files.writeString(device.resolve("numa_node"), text);
  }

  private GpuDevices find(FakeLibrary fake) {
    return GpuDevices.find(fake.path(), directory.resolve("sys"));
  }

  @Test
  void everyGpuIsThereWithWhatItIs() throws Exception {
    FakeLibrary fake = FakeLibrary.of(directory, "fake_cuda");
    fake.tell("fake_add", "NVIDIA H100 80GB HBM3", "0000:AB:00.0", 0x10, 9, 0, 80 * GIB);
    fake.tell("fake_add", "Tesla T4", "0000:01:00.0", 0x20, 7, 5, 15 * GIB);
    numaNode("0000:ab:00.0", "1\n");
    numaNode("0000:01:00.0", "-1\n");

    GpuDevices gpus = find(fake);

    assertThat(gpus.driver()).isPresent();
    assertThat(gpus.absence()).isEmpty();
    assertThat(gpus.devices())
        .containsExactly(
            new GpuDevice(
                0,
                "GPU-10111213-1415-1617-1819-1a1b1c1d1e1f",
                "NVIDIA H100 80GB HBM3",
                new ComputeCapability(9, 0),
                80 * GIB,
                "0000:ab:00.0",
                OptionalInt.of(1)),
            new GpuDevice(
                1,
                "GPU-20212223-2425-2627-2829-2a2b2c2d2e2f",
                "Tesla T4",
                new ComputeCapability(7, 5),
                15 * GIB,
                "0000:01:00.0",
                OptionalInt.empty()));
    assertThat(gpus.devices().get(0))
        .hasToString(
            "GPU 0: NVIDIA H100 80GB HBM3, compute capability 9.0, 81920 MiB,"
                + " GPU-10111213-1415-1617-1819-1a1b1c1d1e1f, PCI 0000:ab:00.0, NUMA node 1");
  }

  @Test
  void withoutADriverThereIsNoGpuAndTheReasonIsSaid() {
    Path library = directory.resolve("libcuda.so.1");
    GpuDevices gpus = GpuDevices.find(library.toString(), directory);

    assertThat(gpus.devices()).isEmpty();
    assertThat(gpus.driver()).isEmpty();
    assertThat(gpus.absence()).contains(library.toString());
  }

  @Test
  void aDriverThatDoesNotStartIsNoGpu() {
    assertThat(find(FakeLibrary.of(directory, "fake_cuda", "INIT_FAILS=803")).absence())
        .isEqualTo(
            "cuInit: CUDA_ERROR_SYSTEM_DRIVER_MISMATCH (803): system has unsupported display driver"
                + " / cuda driver combination");
  }

  @Test
  void aDriverThatIsTooOldIsNamedWithItsVersion() {
    FakeLibrary fake = FakeLibrary.of(directory, "fake_cuda");
    fake.tell("fake_add", "Tesla T4", "0000:01:00.0", 0x20, 7, 5, GIB);
    fake.tell("fake_version", 11040);

    GpuDevices gpus = find(fake);

    assertThat(gpus.devices()).isEmpty();
    assertThat(gpus.absence())
        .isEqualTo(
            "the driver runs CUDA 11.4 (expected: a driver for CUDA 12.0 or newer, 525.60.13 or"
                + " newer)");
  }

  @Test
  void aProcessThatIsShownNoneIsToldWhy() {
    assertThat(find(FakeLibrary.of(directory, "fake_cuda")).absence())
        .isEqualTo("the driver shows this process none; CUDA_VISIBLE_DEVICES may hide them");
  }
}
