package dev.nereid.backend.tensorflow.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.NativeLibrary;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.bytedeco.javacpp.BytePointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageLockedMemoryTest {

  private static final String RUNTIME =
      """
      long locked_bytes, locked_flags, locked_calls, unlocked_calls;
      int cudaHostRegister(void* p, unsigned long size, unsigned flags) {
        if ((unsigned long) p % 4096 || size % 4096) return 1;
        locked_bytes = size; locked_flags = flags; locked_calls++;
        return 0;
      }
      int cudaHostUnregister(void* p) { unlocked_calls++; return 0; }
      """;

  @TempDir Path directory;

  private static long global(Path library, String name) {
    return NativeLibrary.getInstance(library.toString()).getGlobalVariableAddress(name).getLong(0);
  }

  @Test
  void isLockedInWholePagesAndReleased() throws Exception {
    Path library = FakeLibrary.compile(directory, "libcudart.so.12", RUNTIME);
    try (PageLockedMemory memory =
        PageLockedMemory.allocate(10_000, library.toString()).orElseThrow()) {
      assertThat(memory.isLocked()).isTrue();
      assertThat(global(library, "locked_bytes")).isEqualTo(12_288);
      assertThat(global(library, "locked_flags")).isEqualTo(1);
      ByteBuffer buffer = memory.buffer();
      assertThat(buffer.remaining()).isEqualTo(10_000);
      assertThat(buffer.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
      assertThat(new BytePointer(buffer).address() % 4096).isZero();
      assertThat(buffer.getLong(9_992)).isZero();
      buffer.putLong(9_992, 7);
    }
    assertThat(global(library, "locked_calls")).isEqualTo(1);
    assertThat(global(library, "unlocked_calls")).isEqualTo(1);
  }

  @Test
  void isOrdinaryMemoryWhereItCannotBeLocked() throws Exception {
    Path library =
        FakeLibrary.compile(
            directory,
            "libcudart.so.12",
            "int cudaHostRegister(void* p, unsigned long s, unsigned f) { return 2; }");
    for (String runtime : new String[] {library.toString(), "libno-such-runtime.so.12"}) {
      try (PageLockedMemory memory = PageLockedMemory.allocate(64, runtime).orElseThrow()) {
        assertThat(memory.isLocked()).isFalse();
        memory.buffer().putLong(0, 1);
      }
    }
  }
}
