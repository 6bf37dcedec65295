package dev.nereid.backend.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Direct memory between two walls, so that a write past either end is seen. */
final class GuardedMemory {

  private static final int ALIGNMENT = 64;
  private static final byte WALL = (byte) 0xA5;
  private static final byte GARBAGE = 0x5A;

  private final ByteBuffer whole;
  private final int start;
  private final int size;

  /**
   * @param misalignment bytes between a 64-byte boundary and the first one
   */
  GuardedMemory(long byteSize, int misalignment) {
    this.size = Math.toIntExact(byteSize);
    this.whole = ByteBuffer.allocateDirect(size + 4 * ALIGNMENT);
    // alignmentOffset(i, u) is the address of byte i modulo u.
    this.start = 2 * ALIGNMENT - whole.alignmentOffset(0, ALIGNMENT) + misalignment;
    for (int i = 0; i < whole.capacity(); i++) {
      whole.put(i, inside(i) ? GARBAGE : WALL);
    }
  }

  private boolean inside(int position) {
    return position >= start && position < start + size;
  }

  /** Position 0, limit at the last byte, little-endian. */
  ByteBuffer buffer() {
    return whole.slice(start, size).order(ByteOrder.LITTLE_ENDIAN);
  }

  void assertWallsStand(String what) {
    for (int i = 0; i < whole.capacity(); i++) {
      if (!inside(i) && whole.get(i) != WALL) {
        assertThat(i - start).as("%s of %d bytes: written outside, at byte", what, size).isNull();
      }
    }
  }
}
