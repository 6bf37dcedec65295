package dev.nereid.backend.contract;

import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A tensor as bytes on the heap, to write into a batch or read from one.
 *
 * @param raw as on the wire
 */
public record TestTensor(DataType type, long[] shape, byte[] raw) {

  /** FP32 values. */
  public static TestTensor fp32(long[] shape, float... values) {
    byte[] raw = new byte[values.length * Float.BYTES];
    little(raw).asFloatBuffer().put(values);
    return new TestTensor(DataType.FP32, shape, raw);
  }

  /** BYTES, each element as it is. */
  public static TestTensor bytes(long[] shape, byte[]... elements) {
    int size = Arrays.stream(elements).mapToInt(element -> Integer.BYTES + element.length).sum();
    byte[] raw = new byte[size];
    ByteBuffer bytes = little(raw);
    for (byte[] element : elements) {
      bytes.putInt(element.length).put(element);
    }
    return new TestTensor(DataType.BYTES, shape, raw);
  }

  /** BYTES of texts. */
  public static TestTensor strings(long[] shape, String... texts) {
    return bytes(
        shape,
        Arrays.stream(texts)
            .map(text -> text.getBytes(StandardCharsets.UTF_8))
            .toArray(byte[][]::new));
  }

  /** Any type: numbers 0, 1, 2 … as integers of its size, which every type but BOOL may hold. */
  public static TestTensor counting(DataType type, long... shape) {
    int count = Math.toIntExact(Shapes.elementCount(shape));
    if (!type.isFixedSize()) {
      String[] texts = new String[count];
      Arrays.setAll(texts, Integer::toString);
      return strings(shape, texts);
    }
    byte[] raw = new byte[count * type.byteSize()];
    for (int i = 0; i < count; i++) {
      raw[i * type.byteSize()] = (byte) (type == DataType.BOOL ? i % 2 : i);
    }
    return new TestTensor(type, shape, raw);
  }

  /** Its values, where it is FP32. */
  public float[] floats() {
    float[] values = new float[raw.length / Float.BYTES];
    little(raw).asFloatBuffer().get(values);
    return values;
  }

  /** Its elements, where it is BYTES. */
  public List<byte[]> elements() {
    List<byte[]> elements = new ArrayList<>();
    ByteBuffer bytes = little(raw);
    while (bytes.hasRemaining()) {
      byte[] element = new byte[bytes.getInt()];
      bytes.get(element);
      elements.add(element);
    }
    return elements;
  }

  private static ByteBuffer little(byte[] raw) {
    return ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
  }
}
