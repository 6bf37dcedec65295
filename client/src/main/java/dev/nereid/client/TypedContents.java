package dev.nereid.client;

import com.google.protobuf.ByteString;
import dev.nereid.protocol.InferTensorContents;
import dev.nereid.tensor.BytesTensors;
import dev.nereid.tensor.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Outputs that came as protobuf values, put into the raw encoding. Triton and we never send them
 * so; other servers of KServe v2 do.
 */
final class TypedContents {

  private TypedContents() {}

  /**
   * The values of the field that goes with {@code type}.
   *
   * @throws IllegalArgumentException for FP16 and BF16, which have no such field
   */
  static RawOutput encode(DataType type, InferTensorContents contents) {
    ByteBuffer data =
        switch (type) {
          case BOOL -> {
            ByteBuffer out = allocate(type, contents.getBoolContentsCount());
            contents.getBoolContentsList().forEach(value -> out.put((byte) (value ? 1 : 0)));
            yield out;
          }
          case INT8, INT16, INT32 -> integers(type, contents.getIntContentsList());
          case UINT8, UINT16, UINT32 -> integers(type, contents.getUintContentsList());
          case INT64 -> longs(type, contents.getInt64ContentsList());
          case UINT64 -> longs(type, contents.getUint64ContentsList());
          case FP32 -> {
            ByteBuffer out = allocate(type, contents.getFp32ContentsCount());
            contents.getFp32ContentsList().forEach(out::putFloat);
            yield out;
          }
          case FP64 -> {
            ByteBuffer out = allocate(type, contents.getFp64ContentsCount());
            contents.getFp64ContentsList().forEach(out::putDouble);
            yield out;
          }
          case BYTES -> bytes(contents.getBytesContentsList());
          case FP16, BF16 ->
              throw new IllegalArgumentException(
                  "contents: of type " + type + " (expected: raw_output_contents)");
        };
    ByteBuffer raw = data.flip().asReadOnlyBuffer();
    return new RawOutput(raw.remaining(), raw);
  }

  private static ByteBuffer integers(DataType type, List<Integer> values) {
    ByteBuffer out = allocate(type, values.size());
    for (int value : values) {
      switch (type.byteSize()) {
        case 1 -> out.put((byte) value);
        case 2 -> out.putShort((short) value);
        default -> out.putInt(value);
      }
    }
    return out;
  }

  private static ByteBuffer longs(DataType type, List<Long> values) {
    ByteBuffer out = allocate(type, values.size());
    values.forEach(out::putLong);
    return out;
  }

  private static ByteBuffer bytes(List<ByteString> values) {
    List<ByteBuffer> elements = values.stream().map(ByteString::asReadOnlyByteBuffer).toList();
    ByteBuffer out = ByteBuffer.allocate(BytesTensors.encodedBytes(elements));
    BytesTensors.encode(elements, out);
    return out;
  }

  private static ByteBuffer allocate(DataType type, int elements) {
    return ByteBuffer.allocate(Math.multiplyExact(elements, type.byteSize()))
        .order(ByteOrder.LITTLE_ENDIAN);
  }
}
