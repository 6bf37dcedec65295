package dev.nereid.server.metrics;

/**
 * A latency histogram as it was at one moment.
 *
 * @param upperBoundsNanos of every bucket but the last, inclusive, ascending; the last has none
 * @param counts of each bucket by itself (not cumulative), one more than there are bounds
 * @param totalNanos the sum of all durations
 */
public record LatencyBuckets(long[] upperBoundsNanos, long[] counts, long totalNanos) {

  public LatencyBuckets {
    upperBoundsNanos = upperBoundsNanos.clone();
    counts = counts.clone();
  }

  @Override
  public long[] upperBoundsNanos() {
    return upperBoundsNanos.clone();
  }

  @Override
  public long[] counts() {
    return counts.clone();
  }

  /** Durations in it. */
  public long count() {
    long sum = 0;
    for (long count : counts) {
      sum += count;
    }
    return sum;
  }
}
