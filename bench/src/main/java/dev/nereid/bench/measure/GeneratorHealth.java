package dev.nereid.bench.measure;

import java.util.Locale;
import java.util.Optional;

/**
 * Whether the generator kept its schedule; if not, a probe says nothing about the server.
 *
 * @param lagP99Nanos how late the 99th of 100 requests left
 * @param lateCount requests that left later than the limit
 * @param sent requests that left
 * @param neverSent requests that were due and did not leave before the end
 * @param cpuShare CPU time of this process over the window and all processors of the machine, 0 to
 *     1
 * @param limits what is tolerated
 */
public record GeneratorHealth(
    long lagP99Nanos, long lateCount, long sent, long neverSent, double cpuShare, Limits limits) {

  /**
   * What is tolerated.
   *
   * @param maxLagNanos the largest p99 of the lag
   * @param maxCpuShare the largest share of the machine's processors that the bench itself may use
   */
  public record Limits(long maxLagNanos, double maxCpuShare) {
    private static final long MIN_LAG_NANOS = 1_000_000;
    private static final long LAG_SHARES = 20;

    /**
     * 1 ms or 5 % of the objective's bound, whichever is larger, and 80 % of the processors.
     *
     * <p>On a machine that the server keeps busy, the system lets a thread that wakes wait for a
     * slice of some milliseconds. Response times count from the schedule, so such a lag makes a
     * result worse than the server is, by at most this share of the bound, and never better.
     */
    public static Limits forLimit(long sloLimitNanos) {
      return new Limits(Math.max(MIN_LAG_NANOS, sloLimitNanos / LAG_SHARES), 0.8);
    }
  }

  /**
   * Why the probe is invalid; empty where the generator was in time.
   *
   * <p>The p99 of the lag is beyond the limit if more than 1 % left later than it. In a short probe
   * one hiccup is more than 1 %, so the count must also exceed what a true share of 1 % would give
   * by chance in 95 of 100 probes: 0.01·n + 1.645·√(0.01·n) + 1.
   */
  public Optional<String> complaint() {
    double expected = 0.01 * sent;
    if (lateCount + neverSent > expected + 1.645 * Math.sqrt(expected) + 1) {
      return Optional.of(
          String.format(
              Locale.ROOT,
              "the generator was late: %d of %d requests left more than %.2f ms after their instant"
                  + " (lag p99 %.2f ms), %d never left",
              lateCount,
              sent + neverSent,
              limits.maxLagNanos() / 1e6,
              lagP99Nanos / 1e6,
              neverSent));
    }
    if (cpuShare > limits.maxCpuShare()) {
      return Optional.of(
          String.format(
              Locale.ROOT,
              "the generator was short of CPU: it used %.0f %% of the machine's processors (expected: at"
                  + " most %.0f %%)",
              100 * cpuShare,
              100 * limits.maxCpuShare()));
    }
    return Optional.empty();
  }
}
