package dev.nereid.backend.tensorflow.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Function;
import com.sun.jna.Pointer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class FreedMemoryTest {

  private static final int BLOCK = 64 << 10;
  private static final int BLOCKS = 4096;

  /** Blocks that glibc keeps once they are freed, since the last one above them is in use. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void whatWasFreedBelowMemoryInUseGoesBackToTheSystem() throws Exception {
    Function malloc = Function.getFunction("c", "malloc");
    Function free = Function.getFunction("c", "free");
    List<Pointer> blocks = new ArrayList<>();
    for (int i = 0; i < BLOCKS; i++) {
      Pointer block = malloc.invokePointer(new Object[] {(long) BLOCK});
      block.setMemory(0, BLOCK, (byte) 1);
      blocks.add(block);
    }
    Pointer last = blocks.remove(BLOCKS - 1);
    blocks.forEach(block -> free.invokeVoid(new Object[] {block}));
    long before = residentKb();

    assertThat(FreedMemory.giveBack()).isTrue();

    assertThat(before - residentKb()).isGreaterThan((long) BLOCK * BLOCKS / 1024 / 2);
    free.invokeVoid(new Object[] {last});
  }

  private static long residentKb() throws Exception {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
