package dev.nereid.tensor;

/** The upper half of a binary32, the elements of {@link DataType#BF16}. */
public final class BFloat16 {

  private static final int DROPPED_BITS = 16;
  private static final int QUIET = 0x0040;

  private BFloat16() {}

  /** The same number; exact. */
  public static float toFloat(short bits) {
    return Float.intBitsToFloat(bits << DROPPED_BITS);
  }

  /** The nearest bfloat16, ties to even; infinite beyond the largest by half a unit or more. */
  public static short fromFloat(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> DROPPED_BITS) | QUIET);
    }
    int sign = (bits >>> DROPPED_BITS) & 0x8000;
    return (short) (sign | shiftRightTiesToEven(bits & 0x7fff_ffff, DROPPED_BITS));
  }

  /** {@code magnitude / 2^bits}, rounded to nearest, ties to even; {@code magnitude >= 0}. */
  static int shiftRightTiesToEven(int magnitude, int bits) {
    int half = (1 << (bits - 1)) - 1;
    int lastKept = (magnitude >>> bits) & 1;
    return (magnitude + half + lastKept) >>> bits;
  }
}
