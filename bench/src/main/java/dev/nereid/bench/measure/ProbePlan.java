package dev.nereid.bench.measure;

import dev.nereid.bench.statistics.Slo;
import java.util.OptionalDouble;

/**
 * One probe, planned.
 *
 * <p>A probe is a settling time (sent, not measured), then one or more looks of equal length. After
 * each look the verdict is asked, at a confidence shared out over the looks; an undecided probe
 * runs on until the looks are used up. Load stays on while the last measured requests are answered.
 *
 * @param load open at a rate or closed at a concurrency
 * @param objective what decides the verdict and what counts as late
 * @param settleNanos sent before the measured window
 * @param lookNanos length of one look
 * @param maxLooks how many looks at most, at least 1
 * @param seed of the arrivals
 * @param minVif the variance inflation that other probes near by showed, as a floor for this one's:
 *     a short probe without late requests cannot see its own; 1 where nothing is known
 * @param stopWhenHopeless whether to end as soon as the objective cannot be met any more
 */
public record ProbePlan(
    Load load,
    Objective objective,
    long settleNanos,
    long lookNanos,
    int maxLooks,
    long seed,
    double minVif,
    boolean stopWhenHopeless) {

  public ProbePlan {
    if (lookNanos <= 0 || maxLooks < 1 || settleNanos < 0) {
      throw new IllegalArgumentException(
          "looks: " + maxLooks + " of " + lookNanos + " ns (expected: at least 1, longer than 0)");
    }
  }

  /** The measured window, if every look is used. */
  public long maxWindowNanos() {
    return lookNanos * maxLooks;
  }

  /**
   * What late means.
   *
   * @param slo the bound and the share that may miss it
   * @param binding false where nobody asked for an objective and the bound only serves the
   *     interval's block statistics; the verdict is then not FAIL for lateness
   */
  public record Objective(Slo slo, boolean binding) {}

  /** How requests are offered. */
  public sealed interface Load {

    /** The rate offered; empty for a closed loop. */
    OptionalDouble ratePerSecond();

    /** Open loop: arrivals on a schedule that knows nothing of the answers. */
    record Open(dev.nereid.bench.arrivals.ArrivalProcess process, double rate) implements Load {
      @Override
      public OptionalDouble ratePerSecond() {
        return OptionalDouble.of(rate);
      }
    }

    /** Closed loop: that many requests always outstanding. */
    record Closed(int concurrency) implements Load {
      public Closed {
        if (concurrency < 1) {
          throw new IllegalArgumentException("concurrency: " + concurrency + " (expected: >= 1)");
        }
      }

      @Override
      public OptionalDouble ratePerSecond() {
        return OptionalDouble.empty();
      }
    }
  }
}
