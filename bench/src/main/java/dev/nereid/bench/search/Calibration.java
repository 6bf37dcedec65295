package dev.nereid.bench.search;

import dev.nereid.bench.measure.ProbePlan;
import dev.nereid.bench.measure.ProbePlan.Load;
import dev.nereid.bench.measure.ProbeResult;
import dev.nereid.bench.target.TargetException;

/**
 * Finds a rate to start from: a closed loop with 1, 2, 4, … requests outstanding shows the time of
 * a lone request and, once more of them bring no more throughput or are no longer answered within
 * the bound, roughly what the server can do. By Little's law the limit lies near the throughput
 * there. A server that waits for a batch to fill answers faster the more it is asked: while answers
 * beyond the bound do not get slower, it is asked more.
 */
final class Calibration {
  private static final int MAX_CONCURRENCY = 1024;
  private static final double ENOUGH_GAIN = 1.05;
  private static final double START_SHARE = 0.7;
  private static final long MIN_WINDOW_NANOS = 300_000_000;
  private static final long MAX_WINDOW_NANOS = 3_000_000_000L;
  private static final int ROUNDS = 6;
  private static final int COUNTABLE_ROUNDS = 2;

  private final ProbeRunner runner;
  private final MaxSettings settings;

  Calibration(ProbeRunner runner, MaxSettings settings) {
    this.runner = runner;
    this.settings = settings;
  }

  /**
   * Warms the path up, then raises the concurrency.
   *
   * @return a rate likely to hold and not far below the limit
   */
  double startRate() throws TargetException {
    runner.closed(1, Math.max(MIN_WINDOW_NANOS, settings.warmup().toNanos()));
    double best = 0;
    double most = 0;
    double previousMean = Double.POSITIVE_INFINITY;
    for (int n = 1;
        n <= MAX_CONCURRENCY && !runner.mustEnd(settings.budget().toNanos() / 4);
        n *= 2) {
      ProbeResult result = runner.closed(n, window(n, most));
      double mean = result.service().meanNanos();
      if (Double.isNaN(mean)) {
        break;
      }
      double throughput = throughput(result, n);
      boolean tooSlow = mean > settings.slo().limitNanos();
      if (!tooSlow || n == 1) {
        best = Math.max(best, throughput);
      }
      boolean saturated = throughput < most * ENOUGH_GAIN;
      boolean slower = mean > previousMean * ENOUGH_GAIN;
      if (saturated || (tooSlow && slower)) {
        break;
      }
      most = throughput;
      previousMean = mean;
    }
    return best > 0 ? START_SHARE * best : 1;
  }

  /**
   * Answers a second. A window that ended before a few rounds were answered counts too little; then
   * the slowest answer says how long one round took.
   */
  private static double throughput(ProbeResult result, int concurrency) {
    return result.completed() >= (long) COUNTABLE_ROUNDS * concurrency
        ? result.completedPerSecond()
        : 1e9 * concurrency / result.service().histogram().getMaxValue();
  }

  /** Long enough for a few rounds of all that are outstanding. */
  private static long window(int concurrency, double throughput) {
    if (throughput == 0) {
      return 2 * MIN_WINDOW_NANOS;
    }
    double nanos = 1e9 * ROUNDS * concurrency / throughput;
    return (long) Math.min(MAX_WINDOW_NANOS, Math.max(MIN_WINDOW_NANOS, nanos));
  }

  /** The plan of one closed window. */
  static ProbePlan plan(
      int concurrency, long windowNanos, ProbePlan.Objective objective, long seed) {
    return new ProbePlan(
        new Load.Closed(concurrency), objective, 0, windowNanos, 1, seed, 1, false);
  }
}
