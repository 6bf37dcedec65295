package dev.nereid.models.quantize;

import java.nio.FloatBuffer;

/**
 * The range between two percentiles, to 1/{@value #BINS} of what the first pass found from the
 * least to the greatest value: the second pass counts values in bins of that width.
 */
final class PercentileObserver implements RangeObserver {

  private static final int BINS = 4096;

  private final double percentile;
  private final MinMaxObserver whole = new MinMaxObserver();
  private final long[] counts = new long[BINS];
  private long seen;

  PercentileObserver(double percentile) {
    this.percentile = percentile;
  }

  @Override
  public int passes() {
    return 2;
  }

  @Override
  public void see(int pass, FloatBuffer values) {
    if (pass == 0) {
      whole.see(pass, values);
      return;
    }
    Range range = whole.range();
    float bins = BINS / (range.high() - range.low());
    seen += values.remaining();
    while (values.hasRemaining()) {
      int bin = (int) ((values.get() - range.low()) * bins);
      counts[Math.max(0, Math.min(BINS - 1, bin))]++;
    }
  }

  @Override
  public Range range() {
    Range range = whole.range();
    double width = ((double) range.high() - range.low()) / BINS;
    long cut = (long) (seen * (1 - percentile / 100));
    int first = 0;
    for (long below = counts[0]; below <= cut && first < BINS - 1; below += counts[first]) {
      first++;
    }
    int last = BINS - 1;
    for (long above = counts[last]; above <= cut && last > 0; above += counts[last]) {
      last--;
    }
    float low = first == 0 ? range.low() : (float) (range.low() + first * width);
    float high = last == BINS - 1 ? range.high() : (float) (range.low() + (last + 1) * width);
    return new Range(Math.min(0, low), Math.max(0, high));
  }
}
