package dev.nereid.server.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.nio.file.Path;
import java.util.Objects;

/** GPUs of a fake driver, with memory that another process would share. */
public final class FakeDevice {

  private final FakeLibrary fake;
  private final int count;
  private final CudaDriver driver;

  /** One. Skips the test where there is no C compiler. */
  public FakeDevice(Path directory) {
    this(directory, 1);
  }

  /** Several of one driver. */
  public FakeDevice(Path directory, int count) {
    this.count = count;
    fake = FakeLibrary.of(directory, "fake_cuda_memory");
    for (int i = 0; i < count; i++) {
      String bus = "0000:A" + i + ":00.0";
      fake.tell("fake_add", "NVIDIA H100 80GB HBM3", bus, 0x10 + i, 9, 0, 80L << 30);
    }
    try {
      driver = CudaDriver.open(fake.path());
    } catch (CudaException e) {
      throw new AssertionError(e);
    }
  }

  public FakeLibrary fake() {
    return fake;
  }

  public CudaDriver driver() {
    return driver;
  }

  /** Allocates on the GPU; the number to name it by. */
  public int share(long bytes) {
    return fake.ask("fake_share", bytes);
  }

  /** What a client sends to register it. */
  public byte[] handle(int which) {
    try (Memory handle = new Memory(64)) {
      fake.tell("fake_handle", which, handle);
      return handle.getByteArray(0, 64);
    }
  }

  public Pointer memory(int which) {
    return Objects.requireNonNull(fake.askPointer("fake_memory", which));
  }

  /** Nothing of the driver's is held any more. */
  public void assertGivenBack() {
    assertThat(fake.ask("fake_allocations")).as("page-locked").isZero();
    assertThat(fake.ask("fake_registrations")).as("registered").isZero();
    assertThat(fake.ask("fake_streams")).as("streams").isZero();
    for (int device = 0; device < count; device++) {
      assertThat(fake.ask("fake_holds", device)).as("contexts held of %s", device).isZero();
    }
    assertThat(fake.ask("fake_depth")).as("contexts current").isZero();
  }
}
