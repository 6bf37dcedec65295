package dev.nereid.bench.search;

import dev.nereid.bench.measure.ProbeResult;
import dev.nereid.bench.statistics.LimitEstimate;
import dev.nereid.bench.statistics.LimitEstimate.Evidence;
import dev.nereid.bench.statistics.Slo;
import dev.nereid.bench.statistics.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Predicate;

/** What the valid open probes so far say together. One thread. */
final class Findings {
  private static final double NEAR = 0.1;
  private static final double MOST_LATE = 0.5;

  private final Slo slo;
  private final List<ProbeResult> valid = new ArrayList<>();

  Findings(Slo slo) {
    this.slo = slo;
  }

  void add(ProbeResult result) {
    if (result.verdict() != Verdict.INVALID && result.offered() > 0) {
      valid.add(result);
    }
  }

  boolean isEmpty() {
    return valid.isEmpty();
  }

  /** The highest rate whose late share was within what is allowed, by its estimate. */
  OptionalDouble highestWithin() {
    return valid.stream().filter(r -> !isBeyond(r)).mapToDouble(ProbeResult::ratePerSecond).max();
  }

  /** The lowest rate whose late share was beyond. */
  OptionalDouble lowestBeyond() {
    return valid.stream().filter(this::isBeyond).mapToDouble(ProbeResult::ratePerSecond).min();
  }

  /** The highest rate that passed below every rate that failed. */
  OptionalDouble highestPass() {
    double fail = lowestFail().orElse(Double.POSITIVE_INFINITY);
    return valid.stream()
        .filter(r -> r.verdict() == Verdict.PASS && r.ratePerSecond() < fail)
        .mapToDouble(ProbeResult::ratePerSecond)
        .max();
  }

  OptionalDouble lowestFail() {
    return valid.stream()
        .filter(r -> r.verdict() == Verdict.FAIL)
        .mapToDouble(ProbeResult::ratePerSecond)
        .min();
  }

  /** A rate that failed although a higher one passed. */
  OptionalDouble contradiction() {
    double highest =
        valid.stream()
            .filter(r -> r.verdict() == Verdict.PASS)
            .mapToDouble(ProbeResult::ratePerSecond)
            .max()
            .orElse(0);
    OptionalDouble fail = lowestFail();
    return fail.isPresent() && fail.getAsDouble() < highest ? fail : OptionalDouble.empty();
  }

  /** The limit, once rates on both sides of it were seen. */
  Optional<LimitEstimate> estimate() {
    if (highestWithin().isEmpty() || lowestBeyond().isEmpty()) {
      return Optional.empty();
    }
    double pooled = pooledVif();
    List<Evidence> evidence =
        valid.stream()
            .map(r -> new Evidence(sustained(r), r.exceedance().count() / pooled, lateShare(r)))
            .toList();
    return Optional.of(LimitEstimate.of(evidence, slo));
  }

  /**
   * The VIF that probes near the limit share: their variances together over the binomial ones
   * together. One short probe sees a burst or sees none, and cannot tell its own VIF.
   */
  double pooledVif() {
    return pooledVif(r -> true);
  }

  /** The VIF to expect of a probe at that rate, of those at most a tenth away; 1 where none is. */
  double vifNear(double rate) {
    return pooledVif(r -> Math.abs(r.ratePerSecond() / rate - 1) < NEAR);
  }

  private double pooledVif(Predicate<ProbeResult> which) {
    double variance = 0;
    double binomial = 0;
    for (ProbeResult r : valid) {
      double share = r.exceedance().fraction();
      // Beyond a half the queue only grows; that is no steady state to learn from.
      if (share > 0 && share < MOST_LATE && which.test(r)) {
        double own = r.exceedance().count() * share * (1 - share);
        variance += own * r.exceedance().vif();
        binomial += own;
      }
    }
    return binomial == 0 ? 1 : variance / binomial;
  }

  /** The probe nearest to a rate, the later and longer one where two are. */
  Optional<ProbeResult> nearest(double rate) {
    ProbeResult nearest = null;
    for (ProbeResult r : valid) {
      if (nearest == null
          || Math.abs(Math.log(r.ratePerSecond() / rate))
              <= Math.abs(Math.log(nearest.ratePerSecond() / rate))) {
        nearest = r;
      }
    }
    return Optional.ofNullable(nearest);
  }

  List<ProbeResult> valid() {
    return valid;
  }

  private boolean isBeyond(ProbeResult r) {
    return r.verdict() == Verdict.FAIL || r.exceedance().fraction() > slo.allowedFraction();
  }

  /**
   * The rate that a probe says something about. A server that falls behind answers as many as it
   * can: no more than that is its limit, although in a short probe nothing may be late yet.
   */
  private static double sustained(ProbeResult r) {
    boolean answersAllItCan = r.growth().overloaded() && r.errorCount() == 0 && r.completed() > 0;
    return answersAllItCan
        ? Math.min(r.ratePerSecond(), r.completedPerSecond())
        : r.ratePerSecond();
  }

  /** An overloaded server's late share still rises when a probe ends; it is beyond, at any rate. */
  private double lateShare(ProbeResult r) {
    boolean overloaded = r.growth().overloaded();
    return overloaded
        ? Math.max(r.exceedance().fraction(), Math.min(1, 4 * slo.allowedFraction()))
        : r.exceedance().fraction();
  }
}
