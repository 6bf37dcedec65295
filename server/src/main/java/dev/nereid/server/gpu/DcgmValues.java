package dev.nereid.server.gpu;

import com.sun.jna.Memory;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * An array of {@code dcgmFieldValue_v1}, read at its offsets. The same in DCGM 3 and 4; were it
 * ever another, the version word that DCGM writes into each would say so.
 */
final class DcgmValues implements AutoCloseable {

  private static final int BYTES = 4120;
  private static final int VERSION = BYTES | 1 << 24;
  private static final int TYPE = 6;
  private static final int STATUS = 8;
  private static final int VALUE = 24;

  private static final char DOUBLE = 'd';
  private static final char INTEGER = 'i';
  private static final char TEXT = 's';

  private static final int NO_DATA = -14;

  /**
   * From here up numbers say why there is none: nothing yet, not found, not supported, not
   * permitted.
   */
  private static final long BLANK_INTEGER = 0x7ffffffffffffff0L;

  private static final double BLANK_DOUBLE = 140737488355328.0;
  private static final String[] BLANKS = {"blank", "not found", "not supported", "not permitted"};

  private final NativeCalls calls;
  private final Memory memory;

  DcgmValues(NativeCalls calls, int count) {
    this.calls = calls;
    memory = new Memory((long) count * BYTES);
    memory.clear();
  }

  Memory memory() {
    return memory;
  }

  /**
   * The i-th value as a number.
   *
   * @return empty where DCGM has none yet
   */
  OptionalDouble number(int i) throws TelemetryException {
    long at = at(i);
    if (!hasValue(at)) {
      return OptionalDouble.empty();
    }
    char type = (char) memory.getShort(at + TYPE);
    long blank;
    double value;
    switch (type) {
      case INTEGER -> {
        long integer = memory.getLong(at + VALUE);
        value = integer;
        blank = integer - BLANK_INTEGER;
      }
      case DOUBLE -> {
        value = memory.getDouble(at + VALUE);
        blank = value >= BLANK_DOUBLE ? (long) (value - BLANK_DOUBLE) : -1;
      }
      default -> throw new TelemetryException("DCGM: a value of type '" + type + "'");
    }
    if (blank == 0) {
      return OptionalDouble.empty();
    }
    if (blank > 0) {
      throw new TelemetryException("DCGM: " + BLANKS[(int) Math.min(blank, BLANKS.length - 1)]);
    }
    return OptionalDouble.of(value);
  }

  /** The i-th value as text; empty where it is none. */
  Optional<String> text(int i) throws TelemetryException {
    long at = at(i);
    return hasValue(at) && memory.getShort(at + TYPE) == TEXT
        ? Optional.of(memory.getString(at + VALUE, "UTF-8"))
        : Optional.empty();
  }

  private boolean hasValue(long at) throws TelemetryException {
    int version = memory.getInt(at);
    if (version != VERSION) {
      throw new TelemetryException(
          "DCGM: a value of version 0x%08x (expected: 0x%08x)".formatted(version, VERSION));
    }
    int status = memory.getInt(at + STATUS);
    if (status != 0 && status != NO_DATA) {
      throw new TelemetryException("DCGM", status, calls.text(status));
    }
    return status == 0;
  }

  private static long at(int i) {
    return (long) i * BYTES;
  }

  @Override
  public void close() {
    memory.close();
  }
}
