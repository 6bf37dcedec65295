package dev.nereid.server.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.server.gpu.CudaSharedMemory.Opened;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Another process's memory on a GPU, by a driver that was built here. */
@SuppressWarnings("NullAway.Init") // JUnit fills these before each test.
class CudaSharedMemoryTest {

  @TempDir Path directory;
  private FakeDevice gpu;
  private CudaSharedMemory memory;

  @BeforeEach
  void open() {
    gpu = new FakeDevice(directory);
    memory = new CudaSharedMemory(gpu.driver());
  }

  @AfterEach
  void everythingIsGivenBack() {
    if (gpu != null) {
      gpu.assertGivenBack();
    }
  }

  @Test
  void anAllocationIsReadAndWritten() throws Exception {
    int unused = gpu.share(64);
    int which = gpu.share(1000);
    gpu.memory(which).setInt(100, 42);

    Opened mapping = memory.open(gpu.handle(which), 0);

    assertThat(mapping.byteSize()).isEqualTo(1000);
    ByteBuffer host = ByteBuffer.allocateDirect(20).order(ByteOrder.LITTLE_ENDIAN);
    mapping.read(100, host.limit(16).position(8));
    assertThat(host.limit(20).getInt(8)).isEqualTo(42);
    assertThat(host.getInt(4)).isZero();
    host.putInt(12, 7);
    mapping.write(996, host.limit(16).position(12));
    assertThat(gpu.memory(which).getInt(996)).isEqualTo(7);
    assertThat(gpu.memory(which).getInt(992)).isZero();
    mapping.write(0, host.limit(20).position(20));
    mapping.close();
    assertThat(gpu.fake().ask("fake_opened", which)).isZero();
  }

  @Test
  void whatIsNoHandleIsRefusedInTheDriversWords() {
    assertThatThrownBy(() -> memory.open(new byte[64], 0))
        .isInstanceOf(CudaException.class)
        .hasMessageStartingWith("cuIpcOpenMemHandle_v2: ");
    assertThatThrownBy(() -> memory.open(new byte[63], 0))
        .hasMessage("handle: 63 bytes (expected: 64)");
    assertThatThrownBy(() -> memory.open(new byte[64], 1)).hasMessageStartingWith("cuDeviceGet: ");
  }

  @Test
  void whatWasOpenedIsClosedWhereALaterStepFails() {
    int which = gpu.share(64);
    gpu.fake().tell("fake_fail", "cuStreamCreate", 2);

    assertThatThrownBy(() -> memory.open(gpu.handle(which), 0))
        .hasMessage("cuStreamCreate: CUDA_ERROR_OUT_OF_MEMORY (2): out of memory");
    assertThat(gpu.fake().ask("fake_opened", which)).isZero();
  }

  @Test
  void aCopyThatFailsSaysWhy() throws Exception {
    int which = gpu.share(64);
    Opened mapping = memory.open(gpu.handle(which), 0);
    gpu.fake().tell("fake_fail", "cuStreamSynchronize", 2);

    assertThatThrownBy(() -> mapping.read(0, ByteBuffer.allocateDirect(4)))
        .isInstanceOf(CudaException.class)
        .hasMessage("cuStreamSynchronize: CUDA_ERROR_OUT_OF_MEMORY (2): out of memory");
    mapping.close();
  }
}
