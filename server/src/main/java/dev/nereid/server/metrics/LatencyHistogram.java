package dev.nereid.server.metrics;

/**
 * Durations in fixed buckets, at 1, 2 and 5 of every decade from 10 µs to 50 s. Not thread-safe:
 * guarded by its owner's lock.
 */
final class LatencyHistogram {

  private static final long[] UPPER_BOUNDS_NANOS = bounds();

  private final long[] counts = new long[UPPER_BOUNDS_NANOS.length + 1];
  private long totalNanos;

  private static long[] bounds() {
    long[] bounds = new long[21];
    long decade = 10_000;
    for (int i = 0; i < bounds.length; i += 3) {
      bounds[i] = decade;
      bounds[i + 1] = 2 * decade;
      bounds[i + 2] = 5 * decade;
      decade *= 10;
    }
    return bounds;
  }

  void record(long nanos) {
    int low = 0;
    int high = UPPER_BOUNDS_NANOS.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (nanos <= UPPER_BOUNDS_NANOS[middle]) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    counts[low]++;
    totalNanos += nanos;
  }

  LatencyBuckets snapshot() {
    return new LatencyBuckets(UPPER_BOUNDS_NANOS, counts, totalNanos);
  }
}
