package dev.nereid.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import dev.nereid.server.gpu.FakeDevice;
import dev.nereid.server.memory.DeviceMemory;
import dev.nereid.server.memory.DeviceMemoryException;
import dev.nereid.server.memory.PageLocking;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a driver that was built here adds to the host's memory. */
class GpuMemoryTest {

  @TempDir private Path directory;

  @Test
  void aGpuLocksTheHostsMemoryAndHasSomeOfItsOwn() throws Exception {
    FakeDevice gpu = new FakeDevice(directory);
    int which = gpu.share(64);
    GpuMemory memory = GpuMemory.of(Optional.of(gpu.driver()));

    PageLocking.Locked locked = memory.pageLocking().allocate(0, 128);
    assertThat(locked.bytes().capacity()).isEqualTo(128);
    try (Memory others = new Memory(64)) {
      Runnable unlock = memory.pageLocking().lock(0, Pointer.nativeValue(others), 64);
      assertThat(gpu.fake().ask("fake_registrations")).isEqualTo(1);
      unlock.run();
    }
    DeviceMemory.Mapping mapping = memory.shared().open(gpu.handle(which), 0);
    mapping.write(8, locked.bytes().duplicate().put(0, (byte) 7).limit(4));
    mapping.read(8, locked.bytes().duplicate().position(4).limit(8));
    assertThat(locked.bytes().get(4)).isEqualTo((byte) 7);
    assertThat(mapping.byteSize()).isEqualTo(64);
    mapping.close();
    locked.free();
    assertThat(memory.pageLocking().isAvailable()).isTrue();
    assertThat(memory.shared().isAvailable()).isTrue();
    gpu.assertGivenBack();
  }

  @Test
  void whatTheDriverDoesNotDoIsSaidInItsWords() {
    FakeDevice gpu = new FakeDevice(directory);
    gpu.fake().tell("fake_fail", "cuDevicePrimaryCtxRetain", 2);
    GpuMemory memory = GpuMemory.of(Optional.of(gpu.driver()));

    assertThatThrownBy(() -> memory.pageLocking().allocate(0, 128))
        .isInstanceOf(DeviceMemoryException.class)
        .hasMessageContaining("CUDA_ERROR_OUT_OF_MEMORY");
    assertThatThrownBy(() -> memory.pageLocking().lock(0, 4096, 128))
        .isInstanceOf(DeviceMemoryException.class);
    assertThatThrownBy(() -> memory.shared().open(new byte[64], 0))
        .isInstanceOf(DeviceMemoryException.class);
  }

  @Test
  void withoutADriverThereIsNone() {
    GpuMemory memory = GpuMemory.of(Optional.empty());

    assertThat(memory.pageLocking().isAvailable()).isFalse();
    assertThat(memory.shared().isAvailable()).isFalse();
    assertThatThrownBy(() -> memory.pageLocking().allocate(0, 1)).hasMessage("no GPU");
    assertThatThrownBy(() -> memory.pageLocking().lock(0, 0, 1)).hasMessage("no GPU");
    assertThatThrownBy(() -> memory.shared().open(new byte[64], 0)).hasMessage("no GPU");
  }
}
