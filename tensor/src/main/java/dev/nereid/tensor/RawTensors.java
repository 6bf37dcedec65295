package dev.nereid.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;

/**
 * The raw encoding of every type but BYTES: little-endian elements, row-major, without padding.
 *
 * <p>Java has no unsigned types: signed and unsigned integers of a width share a method, and {@code
 * Integer.toUnsignedLong} and its kin read the latter. {@code of…} methods answer a new direct
 * buffer; {@code to…} methods read between position and limit and leave both where they were.
 */
public final class RawTensors {

  private RawTensors() {}

  /**
   * Bytes of a tensor.
   *
   * @throws IllegalArgumentException for {@link DataType#BYTES}, whose size lies in the data; for a
   *     negative dimension; and if the size exceeds a long
   */
  public static long byteSize(DataType type, long... shape) {
    if (!type.isFixedSize()) {
      throw new IllegalArgumentException("type: " + type + " (expected: a type of fixed size)");
    }
    long elements = Shapes.elementCount(shape);
    if (elements > Long.MAX_VALUE / type.byteSize()) {
      throw new IllegalArgumentException(
          "shape: " + Shapes.text(shape) + " of " + type + " (expected: at most 2^63-1 bytes)");
    }
    return elements * type.byteSize();
  }

  /** BOOL: 1 byte, 0 or 1. */
  public static ByteBuffer ofBooleans(boolean... values) {
    ByteBuffer data = allocate(values.length, DataType.BOOL);
    for (boolean value : values) {
      data.put((byte) (value ? 1 : 0));
    }
    return data.flip();
  }

  /** INT8, UINT8. */
  public static ByteBuffer ofBytes(byte... values) {
    return allocate(values.length, DataType.INT8).put(values).flip();
  }

  /** INT16, UINT16; also FP16 and BF16 as bits. */
  public static ByteBuffer ofShorts(short... values) {
    ByteBuffer data = allocate(values.length, DataType.INT16);
    data.asShortBuffer().put(values);
    return data;
  }

  /** INT32, UINT32. */
  public static ByteBuffer ofInts(int... values) {
    ByteBuffer data = allocate(values.length, DataType.INT32);
    data.asIntBuffer().put(values);
    return data;
  }

  /** INT64, UINT64. */
  public static ByteBuffer ofLongs(long... values) {
    ByteBuffer data = allocate(values.length, DataType.INT64);
    data.asLongBuffer().put(values);
    return data;
  }

  /** FP32. */
  public static ByteBuffer ofFloats(float... values) {
    ByteBuffer data = allocate(values.length, DataType.FP32);
    data.asFloatBuffer().put(values);
    return data;
  }

  /** FP64. */
  public static ByteBuffer ofDoubles(double... values) {
    ByteBuffer data = allocate(values.length, DataType.FP64);
    data.asDoubleBuffer().put(values);
    return data;
  }

  /** FP16, each value rounded by {@link Float16#fromFloat}. */
  public static ByteBuffer ofFloat16s(float... values) {
    ByteBuffer data = allocate(values.length, DataType.FP16);
    ShortBuffer bits = data.asShortBuffer();
    for (float value : values) {
      bits.put(Float16.fromFloat(value));
    }
    return data;
  }

  /** BF16, each value rounded by {@link BFloat16#fromFloat}. */
  public static ByteBuffer ofBFloat16s(float... values) {
    ByteBuffer data = allocate(values.length, DataType.BF16);
    ShortBuffer bits = data.asShortBuffer();
    for (float value : values) {
      bits.put(BFloat16.fromFloat(value));
    }
    return data;
  }

  /** BOOL; every byte but 0 is true. */
  public static boolean[] toBooleans(ByteBuffer data) {
    boolean[] values = new boolean[elements(data, DataType.BOOL)];
    for (int i = 0; i < values.length; i++) {
      values[i] = data.get(data.position() + i) != 0;
    }
    return values;
  }

  /** INT8, UINT8. */
  public static byte[] toBytes(ByteBuffer data) {
    byte[] values = new byte[data.remaining()];
    data.duplicate().get(values);
    return values;
  }

  /**
   * INT16, UINT16; also FP16 and BF16 as bits.
   *
   * @throws MalformedTensorException unless the size is a multiple of the element's, here and below
   */
  public static short[] toShorts(ByteBuffer data) {
    short[] values = new short[elements(data, DataType.INT16)];
    littleEndian(data).asShortBuffer().get(values);
    return values;
  }

  /** INT32, UINT32. */
  public static int[] toInts(ByteBuffer data) {
    int[] values = new int[elements(data, DataType.INT32)];
    littleEndian(data).asIntBuffer().get(values);
    return values;
  }

  /** INT64, UINT64. */
  public static long[] toLongs(ByteBuffer data) {
    long[] values = new long[elements(data, DataType.INT64)];
    littleEndian(data).asLongBuffer().get(values);
    return values;
  }

  /** FP32. */
  public static float[] toFloats(ByteBuffer data) {
    float[] values = new float[elements(data, DataType.FP32)];
    littleEndian(data).asFloatBuffer().get(values);
    return values;
  }

  /** FP64. */
  public static double[] toDoubles(ByteBuffer data) {
    double[] values = new double[elements(data, DataType.FP64)];
    littleEndian(data).asDoubleBuffer().get(values);
    return values;
  }

  /** FP16, widened. */
  public static float[] float16sToFloats(ByteBuffer data) {
    float[] values = new float[elements(data, DataType.FP16)];
    ShortBuffer bits = littleEndian(data).asShortBuffer();
    for (int i = 0; i < values.length; i++) {
      values[i] = Float16.toFloat(bits.get(i));
    }
    return values;
  }

  /** BF16, widened. */
  public static float[] bfloat16sToFloats(ByteBuffer data) {
    float[] values = new float[elements(data, DataType.BF16)];
    ShortBuffer bits = littleEndian(data).asShortBuffer();
    for (int i = 0; i < values.length; i++) {
      values[i] = BFloat16.toFloat(bits.get(i));
    }
    return values;
  }

  private static ByteBuffer allocate(int elements, DataType type) {
    long bytes = byteSize(type, elements);
    if (bytes > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "values: " + bytes + " bytes (expected: at most " + Integer.MAX_VALUE + ")");
    }
    return ByteBuffer.allocateDirect((int) bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static int elements(ByteBuffer data, DataType type) {
    if (data.remaining() % type.byteSize() != 0) {
      throw new MalformedTensorException(
          "data: " + data.remaining() + " bytes (expected: a multiple of " + type.byteSize() + ")");
    }
    return data.remaining() / type.byteSize();
  }

  private static ByteBuffer littleEndian(ByteBuffer data) {
    return data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }
}
