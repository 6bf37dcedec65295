package dev.nereid.bench.measure;

import org.HdrHistogram.AbstractHistogram;
import org.HdrHistogram.Histogram;

/**
 * Times of one kind, in nanoseconds at three digits from 1 µs to an hour.
 *
 * @param histogram of the requests that have such a time; not to be changed
 * @param missing requests that never got one (failed, never answered): later than all others, so
 *     that a percentile over everything offered can lie beyond every recorded time
 */
public record Latencies(AbstractHistogram histogram, long missing) {
  static final long LOWEST_NANOS = 1_000;
  static final long HIGHEST_NANOS = 3_600_000_000_000L;
  static final int DIGITS = 3;

  /** No times at all. */
  public static Latencies none() {
    return new Latencies(new Histogram(LOWEST_NANOS, HIGHEST_NANOS, DIGITS), 0);
  }

  public long count() {
    return histogram.getTotalCount() + missing;
  }

  /**
   * The time within which {@code percentile} percent of all requests ended; positive infinity where
   * so many never did, NaN where there were none.
   */
  public double percentileNanos(double percentile) {
    long total = count();
    if (total == 0) {
      return Double.NaN;
    }
    long rank = Math.max(1, (long) Math.ceil(percentile / 100 * total - 1e-9));
    long recorded = histogram.getTotalCount();
    if (rank > recorded) {
      return Double.POSITIVE_INFINITY;
    }
    return histogram.getValueAtPercentile(100.0 * rank / recorded);
  }

  /** Mean of the recorded times; NaN where there are none. */
  public double meanNanos() {
    return histogram.getTotalCount() == 0 ? Double.NaN : histogram.getMean();
  }

  /** How many recorded times lie above {@code nanos}, or are missing. */
  public long countAbove(long nanos) {
    long recorded = histogram.getTotalCount();
    if (recorded == 0) {
      return missing;
    }
    return missing + recorded - histogram.getCountBetweenValues(0, Math.min(nanos, HIGHEST_NANOS));
  }
}
