package dev.nereid.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The raw encoding of {@link DataType#BYTES}: each element is its length, 4 bytes, little-endian,
 * unsigned, then that many bytes; elements follow each other without padding, row-major.
 *
 * <p>Every method reads between the buffer's position and limit, and leaves both where they were.
 */
public final class BytesTensors {

  /** Bytes of the length before each element. */
  public static final int LENGTH_BYTES = 4;

  private BytesTensors() {}

  /** What {@link #scan} found, in Triton's terms. */
  public enum Outcome {
    /** As many elements as expected, and nothing behind them. */
    COMPLETE,
    /** The data ends at an element's end, or inside an element, before there were enough. */
    TOO_FEW,
    /** One more element begins behind the last that was expected. */
    TOO_MANY,
    /** 1 to 3 bytes are left where a length should be. */
    INCOMPLETE_LENGTH,
    /** As many elements as expected, but the last is longer than the data. */
    TRUNCATED_ELEMENT
  }

  /**
   * How a scan ended.
   *
   * @param elements lengths read; with {@link Outcome#TOO_MANY} it counts the one too many, and
   *     what lies behind that was not read
   * @param neededBytes what the length or element needs, where the data ended inside one; else 0
   * @param availableBytes what there was of it; else 0
   */
  public record Scan(Outcome outcome, long elements, long neededBytes, long availableBytes) {

    /** Whether the data is exactly the elements expected. */
    public boolean isComplete() {
      return outcome == Outcome.COMPLETE;
    }
  }

  /**
   * Walks over the lengths without touching the elements, in Triton's order: a length that is cut
   * off comes before a wrong count, one element too many ends the walk at once, and too few comes
   * before a cut-off last element.
   *
   * <p>Triton itself lets {@link Outcome#TRUNCATED_ELEMENT} pass here and leaves it to the backend.
   */
  public static Scan scan(ByteBuffer data, long expectedElements) {
    ByteBuffer bytes = littleEndian(data);
    long elements = 0;
    while (bytes.hasRemaining()) {
      int available = bytes.remaining();
      if (available < LENGTH_BYTES) {
        return new Scan(Outcome.INCOMPLETE_LENGTH, elements, LENGTH_BYTES, available);
      }
      long length = Integer.toUnsignedLong(bytes.getInt());
      elements++;
      if (elements > expectedElements) {
        return new Scan(Outcome.TOO_MANY, elements, 0, 0);
      }
      available = bytes.remaining();
      if (length > available) {
        Outcome outcome = elements < expectedElements ? Outcome.TOO_FEW : Outcome.TRUNCATED_ELEMENT;
        return new Scan(outcome, elements, length, available);
      }
      bytes.position(bytes.position() + (int) length);
    }
    Outcome outcome = elements < expectedElements ? Outcome.TOO_FEW : Outcome.COMPLETE;
    return new Scan(outcome, elements, 0, 0);
  }

  /**
   * The elements, each a read-only view of {@code data}.
   *
   * @throws MalformedTensorException unless {@code data} is a sequence of whole elements
   */
  public static List<ByteBuffer> decode(ByteBuffer data) {
    ByteBuffer bytes = littleEndian(data);
    List<ByteBuffer> elements = new ArrayList<>();
    while (bytes.hasRemaining()) {
      if (bytes.remaining() < LENGTH_BYTES) {
        throw new MalformedTensorException(
            "length of element "
                + elements.size()
                + ": "
                + bytes.remaining()
                + " bytes (expected: "
                + LENGTH_BYTES
                + ")");
      }
      long length = Integer.toUnsignedLong(bytes.getInt());
      if (length > bytes.remaining()) {
        throw new MalformedTensorException(
            "element "
                + elements.size()
                + ": "
                + bytes.remaining()
                + " bytes (expected: "
                + length
                + ")");
      }
      elements.add(bytes.slice(bytes.position(), (int) length).asReadOnlyBuffer());
      bytes.position(bytes.position() + (int) length);
    }
    return elements;
  }

  /**
   * Bytes that {@link #encode} would write.
   *
   * @throws IllegalArgumentException if that is more than a buffer can hold
   */
  public static int encodedBytes(List<ByteBuffer> elements) {
    long total = 0;
    for (ByteBuffer element : elements) {
      total += LENGTH_BYTES + element.remaining();
    }
    if (total > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "elements: " + total + " bytes (expected: at most " + Integer.MAX_VALUE + ")");
    }
    return (int) total;
  }

  /**
   * Writes the elements at {@code target}'s position and advances it; the elements' positions stay.
   *
   * @throws java.nio.BufferOverflowException if {@code target} is too small
   */
  public static void encode(List<ByteBuffer> elements, ByteBuffer target) {
    ByteBuffer out = littleEndian(target);
    for (ByteBuffer element : elements) {
      out.putInt(element.remaining()).put(element.duplicate());
    }
    target.position(out.position());
  }

  /** The elements in a new direct buffer. */
  public static ByteBuffer encode(List<ByteBuffer> elements) {
    ByteBuffer target =
        ByteBuffer.allocateDirect(encodedBytes(elements)).order(ByteOrder.LITTLE_ENDIAN);
    encode(elements, target);
    return target.flip();
  }

  /** Each text as UTF-8 in a new direct buffer. */
  public static ByteBuffer ofStrings(String... texts) {
    List<ByteBuffer> elements = new ArrayList<>(texts.length);
    for (String text : texts) {
      elements.add(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }
    return encode(elements);
  }

  /**
   * Each element read as UTF-8; bytes that are none become U+FFFD.
   *
   * @throws MalformedTensorException unless {@code data} is a sequence of whole elements
   */
  public static List<String> toStrings(ByteBuffer data) {
    return decode(data).stream()
        .map(element -> StandardCharsets.UTF_8.decode(element).toString())
        .toList();
  }

  private static ByteBuffer littleEndian(ByteBuffer buffer) {
    return buffer.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }
}
