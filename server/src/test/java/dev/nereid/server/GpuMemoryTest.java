package dev.nereid.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.server.gpu.FakeDevice;
import dev.nereid.server.gpu.FakeLibrary;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GpuMemoryTest {

  @TempDir private Path directory;

  @Test
  void aMachineWithAGpuHasBothKinds() {
    GpuMemory memory = GpuMemory.open(new FakeDevice(directory).fake().path());
    assertThat(memory.pageLocking().isAvailable()).isTrue();
    assertThat(memory.shared().isAvailable()).isTrue();
  }

  @Test
  void aMachineWithoutADriverOrADeviceHasNone() {
    for (String library :
        new String[] {
          directory.resolve("libcuda.so.1").toString(),
          FakeLibrary.of(directory, "fake_cuda_memory").path(),
          FakeLibrary.of(directory, "fake_cuda_memory", "NO_DEVICE").path(),
        }) {
      GpuMemory memory = GpuMemory.open(library);
      assertThat(memory.pageLocking().isAvailable()).isFalse();
      assertThat(memory.shared().isAvailable()).isFalse();
    }
  }
}
