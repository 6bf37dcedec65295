package dev.nereid.client;

import dev.nereid.tensor.BytesTensors;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.RawTensors;
import dev.nereid.tensor.Shapes;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * One input tensor.
 *
 * <p>The data is not copied: it belongs to the caller, and must not change until the call ends, or
 * until {@link NereidClient#prepare} returns.
 *
 * @param shape with the batch dimension, where the model has one
 * @param data raw-encoded, little-endian, row-major, from position to limit; direct or not; empty
 *     where the tensor lies in shared memory
 * @param sharedMemory where it lies, if it is there
 */
public record InferInput(
    String name,
    DataType type,
    long[] shape,
    ByteBuffer data,
    Optional<SharedMemoryPart> sharedMemory) {

  public InferInput {
    shape = shape.clone();
    data = data.slice();
    if (sharedMemory.isPresent()) {
      checkShared(name, type, shape, data, sharedMemory.get());
    } else {
      checkSize(name, type, shape, data);
    }
  }

  /** One whose data is sent. */
  public InferInput(String name, DataType type, long[] shape, ByteBuffer data) {
    this(name, type, shape, data, Optional.empty());
  }

  /**
   * One that the server reads from shared memory. Its bytes must not change until the call ends;
   * they are not looked at here.
   */
  public static InferInput inSharedMemory(
      String name, DataType type, long[] shape, SharedMemoryPart part) {
    return new InferInput(name, type, shape, ByteBuffer.allocate(0), Optional.of(part));
  }

  private static void checkShared(
      String name, DataType type, long[] shape, ByteBuffer data, SharedMemoryPart part) {
    if (data.hasRemaining()) {
      throw new IllegalArgumentException(
          "data of input '" + name + "': there (expected: none beside shared memory)");
    }
    if (type.isFixedSize() && part.byteSize() != RawTensors.byteSize(type, shape)) {
      throw mismatch(
          name,
          part.byteSize() + " bytes",
          RawTensors.byteSize(type, shape) + " bytes",
          type,
          shape);
    }
  }

  private static void checkSize(String name, DataType type, long[] shape, ByteBuffer data) {
    if (type.isFixedSize()) {
      long expectedBytes = RawTensors.byteSize(type, shape);
      if (data.remaining() != expectedBytes) {
        throw mismatch(name, data.remaining() + " bytes", expectedBytes + " bytes", type, shape);
      }
    } else {
      long expectedElements = Shapes.elementCount(shape);
      BytesTensors.Scan scan = BytesTensors.scan(data, expectedElements);
      if (!scan.isComplete()) {
        throw mismatch(
            name, scan.outcome().toString(), expectedElements + " elements", type, shape);
      }
    }
  }

  /** A copy. */
  @Override
  public long[] shape() {
    return shape.clone();
  }

  /** Another view of the same bytes. */
  @Override
  public ByteBuffer data() {
    return data.duplicate();
  }

  /** FP32. */
  public static InferInput ofFloats(String name, long[] shape, float... values) {
    return new InferInput(name, DataType.FP32, shape, RawTensors.ofFloats(values));
  }

  /** INT32. */
  public static InferInput ofInts(String name, long[] shape, int... values) {
    return new InferInput(name, DataType.INT32, shape, RawTensors.ofInts(values));
  }

  /** INT64. */
  public static InferInput ofLongs(String name, long[] shape, long... values) {
    return new InferInput(name, DataType.INT64, shape, RawTensors.ofLongs(values));
  }

  /** BYTES, each text as UTF-8. */
  public static InferInput ofStrings(String name, long[] shape, String... texts) {
    return new InferInput(name, DataType.BYTES, shape, BytesTensors.ofStrings(texts));
  }

  private static IllegalArgumentException mismatch(
      String name, String actual, String expected, DataType type, long[] shape) {
    return new IllegalArgumentException(
        "data of input '"
            + name
            + "': "
            + actual
            + " (expected: "
            + expected
            + " for "
            + type
            + " "
            + Shapes.text(shape)
            + ")");
  }
}
