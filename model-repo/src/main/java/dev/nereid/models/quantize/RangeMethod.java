package dev.nereid.models.quantize;

import java.util.Locale;

/**
 * How a tensor's range follows from the values that it took.
 *
 * @param percentile of the values, from each end, that lie in the range
 */
public record RangeMethod(double percentile) {

  /** From the least to the greatest value: nothing is cut off. */
  public static final RangeMethod MINMAX = new RangeMethod(100);

  /**
   * Leaves out the ten-thousandth of values that lie furthest out at each end, so that a few of
   * them do not take the others' steps; what lies outside becomes the end of the range.
   */
  public static final RangeMethod PERCENTILE = new RangeMethod(99.99);

  /**
   * @throws IllegalArgumentException if more than half were left out
   */
  public RangeMethod {
    if (!(percentile > 50 && percentile <= 100)) {
      throw new IllegalArgumentException(
          "percentile: " + percentile + " (expected: above 50, at most 100)");
    }
  }

  /** For one tensor. */
  RangeObserver observer() {
    return percentile == 100 ? new MinMaxObserver() : new PercentileObserver(percentile);
  }

  @Override
  public String toString() {
    return percentile == 100
        ? "minmax"
        : String.format(Locale.ROOT, "percentile %s", Double.toString(percentile));
  }
}
