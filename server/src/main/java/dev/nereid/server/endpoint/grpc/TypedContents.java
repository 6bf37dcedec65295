package dev.nereid.server.endpoint.grpc;

import com.google.protobuf.ByteString;
import dev.nereid.protocol.InferTensorContents;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.memory.TensorSource;
import dev.nereid.tensor.BytesTensors;
import dev.nereid.tensor.DataType;
import io.netty.buffer.ByteBuf;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Turns typed {@code contents} into the raw encoding.
 *
 * <p>FP16 and BF16 have no typed form and are refused, as every field that is not the type's own,
 * or not the only one. The small integers travel as 32 bits; Triton cuts them down, this refuses
 * one that does not fit.
 */
final class TypedContents {

  private final String input;
  private final String model;
  private final @Nullable DataType type;
  private final InferTensorContents contents;

  private TypedContents(
      String input, String model, @Nullable DataType type, InferTensorContents contents) {
    this.input = input;
    this.model = model;
    this.type = type;
    this.contents = contents;
  }

  /**
   * The elements, raw-encoded; the caller releases them.
   *
   * @param type the input's, or null where the request names none that exists
   * @throws InferenceException INVALID_ARGUMENT if the elements are of another type or do not fit;
   *     RESOURCE_EXHAUSTED
   */
  static ByteBuf encode(
      String input,
      String model,
      @Nullable DataType type,
      InferTensorContents contents,
      TensorSource memory)
      throws InferenceException {
    TypedContents typed = new TypedContents(input, model, type, contents);
    typed.checkFields();
    ByteBuf target = memory.allocate(typed.byteSize());
    try {
      typed.write(target);
      return target;
    } catch (InferenceException | RuntimeException e) {
      target.release();
      throw e;
    }
  }

  private void checkFields() throws InferenceException {
    DataType signed = type == DataType.INT8 || type == DataType.INT16 ? type : DataType.INT32;
    DataType unsigned = type == DataType.UINT8 || type == DataType.UINT16 ? type : DataType.UINT32;
    boolean supplied = checkField(contents.getBoolContentsCount(), DataType.BOOL, false);
    supplied = checkField(contents.getIntContentsCount(), signed, supplied);
    supplied = checkField(contents.getInt64ContentsCount(), DataType.INT64, supplied);
    supplied = checkField(contents.getUintContentsCount(), unsigned, supplied);
    supplied = checkField(contents.getUint64ContentsCount(), DataType.UINT64, supplied);
    supplied = checkField(contents.getFp32ContentsCount(), DataType.FP32, supplied);
    supplied = checkField(contents.getFp64ContentsCount(), DataType.FP64, supplied);
    checkField(contents.getBytesContentsCount(), DataType.BYTES, supplied);
  }

  /**
   * Checks one field, if it has elements.
   *
   * @param supplied whether a field before it had
   * @return the same for the next one
   */
  private boolean checkField(int count, DataType field, boolean supplied)
      throws InferenceException {
    if (count == 0) {
      return supplied;
    }
    if (supplied) {
      throw unexpectedData(", binary data was already supplied.");
    }
    if (type != field) {
      throw unexpectedData(
          " of type '"
              + field
              + "', expected datatype '"
              + (type == null ? "<invalid>" : type)
              + "'");
    }
    return true;
  }

  private InferenceException unexpectedData(String why) {
    return refusal(
        "unexpected explicit tensor data for input tensor '"
            + input
            + "' for model '"
            + model
            + "'"
            + why);
  }

  private long byteSize() {
    if (type == null || type == DataType.FP16 || type == DataType.BF16) {
      return 0;
    }
    return switch (type) {
      case BOOL -> contents.getBoolContentsCount();
      case INT8 -> contents.getIntContentsCount();
      case INT16 -> 2L * contents.getIntContentsCount();
      case INT32 -> 4L * contents.getIntContentsCount();
      case INT64 -> 8L * contents.getInt64ContentsCount();
      case UINT8 -> contents.getUintContentsCount();
      case UINT16 -> 2L * contents.getUintContentsCount();
      case UINT32 -> 4L * contents.getUintContentsCount();
      case UINT64 -> 8L * contents.getUint64ContentsCount();
      case FP32 -> 4L * contents.getFp32ContentsCount();
      case FP64 -> 8L * contents.getFp64ContentsCount();
      case BYTES -> bytesSize();
      case FP16, BF16 -> 0;
    };
  }

  private long bytesSize() {
    long size = 0;
    for (ByteString element : contents.getBytesContentsList()) {
      size += BytesTensors.LENGTH_BYTES + element.size();
    }
    return size;
  }

  private void write(ByteBuf target) throws InferenceException {
    if (type == null) {
      return;
    }
    switch (type) {
      case BOOL -> {
        for (int i = 0; i < contents.getBoolContentsCount(); i++) {
          target.writeByte(contents.getBoolContents(i) ? 1 : 0);
        }
      }
      case INT8, INT16, INT32 -> writeSigned(type, target);
      case UINT8, UINT16, UINT32 -> writeUnsigned(type, target);
      case INT64 -> {
        for (int i = 0; i < contents.getInt64ContentsCount(); i++) {
          target.writeLongLE(contents.getInt64Contents(i));
        }
      }
      case UINT64 -> {
        for (int i = 0; i < contents.getUint64ContentsCount(); i++) {
          target.writeLongLE(contents.getUint64Contents(i));
        }
      }
      case FP32 -> {
        for (int i = 0; i < contents.getFp32ContentsCount(); i++) {
          target.writeFloatLE(contents.getFp32Contents(i));
        }
      }
      case FP64 -> {
        for (int i = 0; i < contents.getFp64ContentsCount(); i++) {
          target.writeDoubleLE(contents.getFp64Contents(i));
        }
      }
      case BYTES -> writeBytes(contents.getBytesContentsList(), target);
      case FP16, BF16 -> {}
    }
  }

  private void writeSigned(DataType type, ByteBuf target) throws InferenceException {
    int unusedBits = 32 - 8 * type.byteSize();
    for (int i = 0; i < contents.getIntContentsCount(); i++) {
      int value = contents.getIntContents(i);
      if (value << unusedBits >> unusedBits != value) {
        throw outOfRange(type, Integer.toString(value));
      }
      writeLow(value, type, target);
    }
  }

  private void writeUnsigned(DataType type, ByteBuf target) throws InferenceException {
    int unusedBits = 32 - 8 * type.byteSize();
    for (int i = 0; i < contents.getUintContentsCount(); i++) {
      int value = contents.getUintContents(i);
      if (value << unusedBits >>> unusedBits != value) {
        throw outOfRange(type, Integer.toUnsignedString(value));
      }
      writeLow(value, type, target);
    }
  }

  private static void writeLow(int value, DataType type, ByteBuf target) {
    switch (type.byteSize()) {
      case 1 -> target.writeByte(value);
      case 2 -> target.writeShortLE(value);
      default -> target.writeIntLE(value);
    }
  }

  private static void writeBytes(List<ByteString> elements, ByteBuf target) {
    for (ByteString element : elements) {
      target.writeIntLE(element.size());
      element.copyTo(target.nioBuffer(target.writerIndex(), element.size()));
      target.writerIndex(target.writerIndex() + element.size());
    }
  }

  private InferenceException outOfRange(DataType type, String value) {
    return refusal(
        "contents of input '"
            + input
            + "' for model '"
            + model
            + "': "
            + value
            + " (expected: values of "
            + type
            + ")");
  }

  private static InferenceException refusal(String text) {
    return new InferenceException(StatusCode.INVALID_ARGUMENT, text);
  }
}
