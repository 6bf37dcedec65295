package dev.nereid.backend.tensorflow.gpu;

import com.sun.jna.Function;
import java.util.Optional;

/**
 * What glibc keeps of memory that was freed. TensorFlow and TensorRT copy a model several times
 * over while they convert it; of a ResNet-50 with an engine glibc kept two gigabytes for a use that
 * does not come.
 */
public final class FreedMemory {

  private static final Optional<Function> TRIM =
      SharedLibrary.find("libc.so.6").flatMap(library -> library.function("malloc_trim"));

  private FreedMemory() {}

  /**
   * Gives it back to the system, where the C library is glibc. Takes some ten milliseconds a
   * gigabyte, in which other threads may wait for memory. Thread-safe.
   *
   * @return whether there was any
   */
  public static boolean giveBack() {
    return TRIM.isPresent() && TRIM.get().invokeInt(new Object[] {0L}) == 1;
  }
}
