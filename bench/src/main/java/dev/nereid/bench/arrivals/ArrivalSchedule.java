package dev.nereid.bench.arrivals;

import java.util.SplittableRandom;

/**
 * An endless absolute schedule: the same process, rate and seed give the same instants for ever.
 *
 * <p>Instants are offsets in nanoseconds from the start of a run. They never depend on what was
 * sent or answered before; a caller that is late sends late and keeps the later instants as they
 * are. The sum runs in double precision: after an hour it still resolves a nanosecond.
 *
 * <p>Not thread-safe: each thread of the generator has one of its own. One instant costs one
 * logarithm, about 20 ns.
 */
public final class ArrivalSchedule {
  private final ArrivalProcess process;
  private final double meanGapNanos;
  private final SplittableRandom random;
  private double poissonOffsetNanos;
  private long index;

  /**
   * @param ratePerSecond mean arrivals a second (expected: finite and > 0)
   */
  public ArrivalSchedule(ArrivalProcess process, double ratePerSecond, long seed) {
    if (!(ratePerSecond > 0) || Double.isInfinite(ratePerSecond)) {
      throw new IllegalArgumentException("rate: " + ratePerSecond + " (expected: > 0)");
    }
    this.process = process;
    this.meanGapNanos = 1e9 / ratePerSecond;
    this.random = new SplittableRandom(seed);
  }

  /** The next instant, in nanoseconds from the start; never smaller than the one before. */
  public long nextOffsetNanos() {
    if (process == ArrivalProcess.CONSTANT) {
      // From the index, not from the last instant: rounding errors must not add up to a drift.
      return Math.round(index++ * meanGapNanos);
    }
    // 1 - u lies in (0, 1], so that the logarithm is finite.
    poissonOffsetNanos -= Math.log(1 - random.nextDouble()) * meanGapNanos;
    return Math.round(poissonOffsetNanos);
  }
}
