package dev.nereid.client;

import dev.nereid.protocol.InferParameter;
import dev.nereid.tensor.BytesTensors;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.RawTensors;
import dev.nereid.tensor.Shapes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One output tensor. Immutable. */
public final class InferOutput {

  private final String name;
  private final DataType type;
  private final long[] shape;
  private final Map<String, InferParameter> parameters;
  private final int sizeBytes;
  private final @Nullable ByteBuffer data;

  InferOutput(
      String name,
      DataType type,
      long[] shape,
      Map<String, InferParameter> parameters,
      int sizeBytes,
      @Nullable ByteBuffer data) {
    this.name = name;
    this.type = type;
    this.shape = shape;
    this.parameters = parameters;
    this.sizeBytes = sizeBytes;
    this.data = data;
  }

  /** As the model names it. */
  public String name() {
    return name;
  }

  /** Of its elements. */
  public DataType type() {
    return type;
  }

  /** With the batch dimension, where the model has one. */
  public long[] shape() {
    return shape.clone();
  }

  /** What the server says of it. */
  public Map<String, InferParameter> parameters() {
    return parameters;
  }

  /** Bytes that came; 0 for an output that went to shared memory. */
  public int sizeBytes() {
    return sizeBytes;
  }

  /**
   * The raw tensor, read-only, little-endian.
   *
   * @throws IllegalStateException if it was asked to be skipped
   */
  public ByteBuffer data() {
    if (data == null) {
      throw new IllegalStateException("data of output '" + name + "': skipped (expected: KEEP)");
    }
    return data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * The elements of FP32, or FP16 and BF16 widened.
   *
   * @throws IllegalStateException if the type is another, here and below
   */
  public float[] floats() {
    return switch (type) {
      case FP32 -> RawTensors.toFloats(data());
      case FP16 -> RawTensors.float16sToFloats(data());
      case BF16 -> RawTensors.bfloat16sToFloats(data());
      default -> throw notOf("FP32, FP16 or BF16");
    };
  }

  /** The elements of FP64. */
  public double[] doubles() {
    require(type == DataType.FP64, "FP64");
    return RawTensors.toDoubles(data());
  }

  /** The elements of INT32, or UINT32 as bits. */
  public int[] ints() {
    require(type == DataType.INT32 || type == DataType.UINT32, "INT32 or UINT32");
    return RawTensors.toInts(data());
  }

  /** The elements of INT64, or UINT64 as bits. */
  public long[] longs() {
    require(type == DataType.INT64 || type == DataType.UINT64, "INT64 or UINT64");
    return RawTensors.toLongs(data());
  }

  /** The elements of BYTES as UTF-8. */
  public List<String> strings() {
    require(type == DataType.BYTES, "BYTES");
    return BytesTensors.toStrings(data());
  }

  @Override
  public String toString() {
    return name + " " + type + " " + Shapes.text(shape);
  }

  private void require(boolean holds, String types) {
    if (!holds) {
      throw notOf(types);
    }
  }

  private IllegalStateException notOf(String types) {
    return new IllegalStateException(
        "type of output '" + name + "': " + type + " (expected: " + types + ")");
  }
}
