package dev.nereid.server.host;

import com.sun.jna.Function;
import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import java.util.BitSet;

/** The cores that the calling thread may run on. Threads that it starts inherit them. */
final class ThreadAffinity {

  private static final int CALLING_THREAD = 0;
  private static final int MASK_BYTES = CoreSet.MOST_CORES / Byte.SIZE;

  private ThreadAffinity() {}

  /**
   * @throws IllegalStateException if this system has no such thing
   */
  static CoreSet get() {
    try (Memory mask = new Memory(MASK_BYTES)) {
      mask.clear();
      call("sched_getaffinity", mask);
      return new CoreSet(BitSet.valueOf(mask.getByteArray(0, MASK_BYTES)));
    }
  }

  /**
   * @throws IllegalStateException if the system refuses
   */
  static void set(CoreSet cores) {
    try (Memory mask = new Memory(MASK_BYTES)) {
      mask.clear();
      byte[] bits = cores.bits().toByteArray();
      mask.write(0, bits, 0, bits.length);
      call("sched_setaffinity", mask);
    }
  }

  private static void call(String function, Memory mask) {
    try {
      int unused =
          NativeLibrary.getInstance("c")
              .getFunction(function, Function.THROW_LAST_ERROR)
              .invokeInt(new Object[] {CALLING_THREAD, (long) MASK_BYTES, mask});
    } catch (LastErrorException | LinkageError e) {
      throw new IllegalStateException(function + ": " + e.getMessage(), e);
    }
  }
}
