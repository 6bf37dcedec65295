package dev.nereid.backend;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Walks a raw-encoded BYTES tensor, element by element: a 4-byte little-endian length, then that
 * many bytes.
 *
 * <p>The server checks lengths before a batch is formed, but like Triton's core not the last
 * element's; an engine must not read past the end, so the walk checks every one. Texts are those of
 * Triton's backends.
 */
public final class BytesElements {

  private static final int LENGTH_BYTES = 4;

  private BytesElements() {}

  /** Takes one element. */
  @FunctionalInterface
  public interface Visitor {
    /**
     * @param index of the element, from 0
     * @param offset of its first byte in the buffer
     * @param length of it, in bytes
     * @throws BackendException to end the walk
     */
    void visit(int index, int offset, int length) throws BackendException;
  }

  /**
   * Visits every element from the buffer's position to its limit; moves neither.
   *
   * @param input named in errors
   * @param count how many there must be
   * @throws BackendException if there are fewer or more, or the last one is cut off
   */
  public static void walk(String input, ByteBuffer data, long count, Visitor visitor)
      throws BackendException {
    ByteBuffer bytes = data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    int index = 0;
    while (bytes.remaining() >= LENGTH_BYTES) {
      if (index >= count) {
        throw new BackendException(
            "unexpected number of string elements %d for inference input '%s', expecting %d"
                .formatted(index + 1, input, count));
      }
      long length = Integer.toUnsignedLong(bytes.getInt());
      if (length > bytes.remaining()) {
        throw new BackendException(
            ("incomplete string data for inference input '%s', expecting string of length %d but"
                    + " only %d bytes available")
                .formatted(input, length, bytes.remaining()));
      }
      visitor.visit(index++, bytes.position(), (int) length);
      bytes.position(bytes.position() + (int) length);
    }
    if (bytes.hasRemaining()) {
      throw new BackendException(
          ("incomplete string length indicator for inference input '%s', expecting 4 bytes but only"
                  + " %d bytes available")
              .formatted(input, bytes.remaining()));
    }
    if (index != count) {
      throw new BackendException(
          "expected %d strings for inference input '%s', got %d".formatted(count, input, index));
    }
  }
}
