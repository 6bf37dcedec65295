package dev.nereid.server.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import dev.nereid.server.gpu.CudaHostMemory.Allocation;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Page-locked memory, by a driver that was built here. */
@SuppressWarnings("NullAway.Init") // JUnit fills these before each test.
class CudaHostMemoryTest {

  @TempDir Path directory;
  private FakeDevice gpu;
  private CudaHostMemory memory;

  @BeforeEach
  void open() {
    gpu = new FakeDevice(directory);
    memory = new CudaHostMemory(gpu.driver());
  }

  @AfterEach
  void everythingIsGivenBack() {
    if (gpu != null) {
      gpu.assertGivenBack();
    }
  }

  @Test
  void memoryThatIsAllocatedIsTheHostsAndHoldsTheContext() throws Exception {
    Allocation locked = memory.allocate(0, 10_000);

    assertThat(gpu.fake().ask("fake_allocations")).isEqualTo(1);
    assertThat(gpu.fake().ask("fake_holds", 0)).isEqualTo(1);
    assertThat(gpu.fake().ask("fake_depth")).isZero();
    assertThat(locked.bytes().capacity()).isEqualTo(10_000);
    assertThat(locked.bytes().isDirect()).isTrue();
    assertThat(locked.bytes().alignmentOffset(0, 64)).isZero();
    locked.bytes().putLong(9_992, 42).putLong(0, 43);
    assertThat(locked.bytes().getLong(9_992)).isEqualTo(42);
    locked.free();
  }

  @Test
  void memoryOfOthersIsLockedUntilItIsUnlocked() throws Exception {
    try (Memory others = new Memory(5000)) {
      Runnable unlock = memory.lock(0, Pointer.nativeValue(others), 5000);

      assertThat(gpu.fake().ask("fake_registrations")).isEqualTo(1);
      assertThat(gpu.fake().ask("fake_is_registered", others, 5000L)).isEqualTo(1);
      unlock.run();
    }
  }

  @Test
  void whatTheDriverDoesNotDoIsSaidInItsWords() {
    gpu.fake().tell("fake_fail", "cuMemHostAlloc", 2);
    gpu.fake().tell("fake_fail", "cuMemHostRegister_v2", 2);

    assertThatThrownBy(() -> memory.allocate(0, 100))
        .isInstanceOf(CudaException.class)
        .hasMessage("cuMemHostAlloc: CUDA_ERROR_OUT_OF_MEMORY (2): out of memory");
    assertThatThrownBy(() -> memory.lock(0, 4096, 100))
        .isInstanceOf(CudaException.class)
        .hasMessage("cuMemHostRegister_v2: CUDA_ERROR_OUT_OF_MEMORY (2): out of memory");
    assertThatThrownBy(() -> memory.allocate(7, 100))
        .hasMessage("cuDeviceGet: CUDA_ERROR_INVALID_DEVICE (101): invalid device ordinal");
  }

  @Test
  void aFailureToGiveBackIsNotTheCallers() throws Exception {
    Allocation locked = memory.allocate(0, 100);
    gpu.fake().tell("fake_fail", "cuMemFreeHost", 2);
    locked.free();

    assertThat(gpu.fake().ask("fake_allocations")).isEqualTo(1);
    assertThat(gpu.fake().ask("fake_holds", 0)).isZero();
    gpu.fake().tell("fake_fail", "cuMemFreeHost", 0);
    try (CudaContext again = gpu.driver().retainContext(gpu.driver().device(0))) {
      again.run(locked::free);
    }
  }
}
