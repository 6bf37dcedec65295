package dev.nereid.models.quantize;

/**
 * The values that a tensor takes.
 *
 * @param low at most 0, since zeros are padded and must be exact
 * @param high at least 0
 */
public record Range(float low, float high) {

  /** Of which nothing is known but that zeros are in it. */
  public static final Range ZERO = new Range(0, 0);

  private static final int SIGNIFICAND_BITS = 24;
  private static final int STEP_BITS = 12;

  public Range {
    if (!(low <= 0 && high >= 0 && high - low < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "range: " + low + " to " + high + " (expected: finite, around 0)");
    }
  }

  /** The smallest that holds both. */
  public Range with(Range other) {
    return new Range(Math.min(low, other.low), Math.max(high, other.high));
  }

  /** The greatest distance from 0. */
  public float magnitude() {
    return Math.max(-low, high);
  }

  /**
   * Both ends moved outwards to the next number of 12 significant bits, by less than a thousandth:
   * the order in which an engine's threads add up shows in the last bits, and must not show in the
   * file.
   */
  public Range rounded() {
    return new Range(0 - roundedUp(0 - low), roundedUp(high));
  }

  private static float roundedUp(float value) {
    if (value == 0) {
      return 0;
    }
    int dropped = SIGNIFICAND_BITS - STEP_BITS;
    int bits = Float.floatToIntBits(value);
    int mask = (1 << dropped) - 1;
    float rounded = Float.intBitsToFloat((bits + mask) & ~mask);
    return Float.isInfinite(rounded) ? value : rounded;
  }
}
