package dev.nereid.tensor;

import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The element types of KServe v2, named as on the wire.
 *
 * <p>Every type but {@link #BYTES} has a fixed size; a BYTES element is a 4-byte little-endian
 * length and that many bytes.
 */
public enum DataType {
  BOOL(1),
  UINT8(1),
  UINT16(2),
  UINT32(4),
  UINT64(8),
  INT8(1),
  INT16(2),
  INT32(4),
  INT64(8),
  FP16(2),
  FP32(4),
  FP64(8),
  BYTES(0),
  BF16(2);

  private static final Map<String, DataType> BY_NAME =
      Stream.of(values()).collect(Collectors.toUnmodifiableMap(Enum::name, Function.identity()));

  private final int byteSize;

  DataType(int byteSize) {
    this.byteSize = byteSize;
  }

  /** Bytes of one element; 0 for {@link #BYTES}, whose elements vary. */
  public int byteSize() {
    return byteSize;
  }

  /** Whether every element has the same size. */
  public boolean isFixedSize() {
    return byteSize > 0;
  }

  /** The type of that wire name, or null where there is none. */
  public static @Nullable DataType ofName(String name) {
    return BY_NAME.get(name);
  }
}
