package dev.nereid.bench.target;

import dev.nereid.tensor.BytesTensors;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.RawTensors;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/** Tensors with made-up values. */
final class TensorValues {
  private static final int TEXT_LENGTH = 16;
  private static final int SMALL = 128;

  private TensorValues() {}

  /** All zeros, or empty texts. */
  static ByteBuffer zeros(DataType type, int elements) {
    int bytes = type.isFixedSize() ? type.byteSize() : BytesTensors.LENGTH_BYTES;
    return ByteBuffer.allocate(Math.multiplyExact(bytes, elements));
  }

  /**
   * Floats within [0, 1), integers from 0 to 127 (indices into a vocabulary must not leave it),
   * truth values, texts of 16 letters.
   */
  static ByteBuffer random(DataType type, int elements, SplittableRandom random) {
    return switch (type) {
      case FP32 -> RawTensors.ofFloats(floats(elements, random));
      case FP16 -> RawTensors.ofFloat16s(floats(elements, random));
      case BF16 -> RawTensors.ofBFloat16s(floats(elements, random));
      case FP64 -> RawTensors.ofDoubles(random.doubles(elements).toArray());
      case BOOL -> RawTensors.ofBytes(bytes(elements, random, 2));
      case INT8, UINT8 -> RawTensors.ofBytes(bytes(elements, random, SMALL));
      case INT16, UINT16 -> RawTensors.ofShorts(shorts(elements, random));
      case INT32, UINT32 -> RawTensors.ofInts(random.ints(elements, 0, SMALL).toArray());
      case INT64, UINT64 -> RawTensors.ofLongs(random.longs(elements, 0, SMALL).toArray());
      case BYTES -> BytesTensors.ofStrings(texts(elements, random));
    };
  }

  private static float[] floats(int elements, SplittableRandom random) {
    float[] values = new float[elements];
    for (int i = 0; i < elements; i++) {
      values[i] = random.nextInt(1 << 24) * 0x1p-24f;
    }
    return values;
  }

  private static byte[] bytes(int elements, SplittableRandom random, int bound) {
    byte[] values = new byte[elements];
    for (int i = 0; i < elements; i++) {
      values[i] = (byte) random.nextInt(bound);
    }
    return values;
  }

  private static short[] shorts(int elements, SplittableRandom random) {
    short[] values = new short[elements];
    for (int i = 0; i < elements; i++) {
      values[i] = (short) random.nextInt(SMALL);
    }
    return values;
  }

  private static String[] texts(int elements, SplittableRandom random) {
    String[] texts = new String[elements];
    for (int i = 0; i < elements; i++) {
      StringBuilder text = new StringBuilder(TEXT_LENGTH);
      random.ints(TEXT_LENGTH, 'a', 'z' + 1).forEach(c -> text.append((char) c));
      texts[i] = text.toString();
    }
    return texts;
  }
}
