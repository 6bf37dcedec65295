package dev.nereid.tensor;

/**
 * IEEE 754 binary16, the elements of {@link DataType#FP16}: 1 sign bit, 5 exponent bits, 10 of
 * significand.
 *
 * <p>Same results as {@code Float.float16ToFloat} and {@code Float.floatToFloat16}, which came
 * after Java 17.
 */
public final class Float16 {

  /** binary32 has 13 more bits of significand. */
  private static final int DROPPED_BITS = 13;

  private static final int SMALLEST_NORMAL_EXPONENT = -14;
  private static final int LARGEST_EXPONENT = 15;
  private static final int INFINITY = 0x7c00;
  private static final int QUIET = 0x0200;

  /** 2 to the -24: one unit of a subnormal. */
  private static final float SUBNORMAL_UNIT = 0x1p-24f;

  private Float16() {}

  /** The same number; exact, since every binary16 is a binary32. */
  public static float toFloat(short bits) {
    int sign = (bits & 0x8000) << 16;
    int exponent = (bits >> 10) & 0x1f;
    int significand = bits & 0x3ff;
    if (exponent == 0) {
      float magnitude = significand * SUBNORMAL_UNIT;
      return Float.intBitsToFloat(sign | Float.floatToRawIntBits(magnitude));
    }
    int wideExponent = exponent == 0x1f ? 0xff : exponent - LARGEST_EXPONENT + 127;
    return Float.intBitsToFloat(sign | (wideExponent << 23) | (significand << DROPPED_BITS));
  }

  /** The nearest binary16, ties to even; infinite beyond 65504 by half a unit or more. */
  public static short fromFloat(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = (bits >>> 16) & 0x8000;
    int magnitude = bits & 0x7fff_ffff;
    if (magnitude > 0x7f80_0000) {
      return (short) (sign | INFINITY | QUIET | ((magnitude & 0x7f_ffff) >> DROPPED_BITS));
    }
    int exponent = (magnitude >> 23) - 127;
    if (exponent > LARGEST_EXPONENT) {
      return (short) (sign | INFINITY);
    }
    if (exponent < SMALLEST_NORMAL_EXPONENT) {
      // Scaling by a power of two is exact here, and rint ties to even; 1024 units are the smallest
      // normal.
      return (short) (sign | (int) Math.rint(Math.abs(value) / (double) SUBNORMAL_UNIT));
    }
    int rounded = BFloat16.shiftRightTiesToEven(magnitude, DROPPED_BITS);
    // A carry out of the significand raises the exponent, up to infinity, as it should.
    return (short) (sign | (rounded - ((127 - LARGEST_EXPONENT) << 10)));
  }
}
