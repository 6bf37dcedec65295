package dev.nereid.bench.statistics;

import dev.nereid.bench.statistics.LimitEstimate.Evidence;
import java.util.List;

/**
 * The posterior of the limit and the steepness on a grid, as {@link LimitEstimate} describes it.
 *
 * <p>The grid starts wide and is laid again over the part that has mass, until it is fine enough
 * for much data and still wide enough for little.
 */
final class LimitPosterior {
  private static final int RATES = 121;
  private static final int SLOPES = 31;
  private static final int REFINEMENTS = 5;
  private static final double MIN_SLOPE = 2;
  private static final double MAX_SLOPE = 5000;
  private static final double BEYOND = 1.5;
  private static final double USUAL_SLOPE = 1.5;
  private static final double LEAST_USUAL_SLOPE = 5;
  private static final double SLOPE_DEVIATION = 0.8;
  private static final double NEGLIGIBLE = 1e-5;
  private static final double TAIL = 0.025;

  private final List<Evidence> evidence;
  private final double logitAllowed;
  private final double usualLogSlope;
  private Axis limits;
  private Axis slopes;
  private double[] limitMass = new double[0];
  private double[] slopeMass = new double[0];
  private double bestLimit;
  private double bestSlope;

  /** Equally spaced values of a logarithm. */
  private record Axis(double from, double to, int points) {
    double at(double i) {
      return from + (to - from) * i / (points - 1);
    }

    /** The part with mass, one step wider on either side. */
    Axis around(double[] mass) {
      double most = 0;
      for (double m : mass) {
        most = Math.max(most, m);
      }
      int first = 0;
      int last = points - 1;
      while (mass[first] < NEGLIGIBLE * most) {
        first++;
      }
      while (mass[last] < NEGLIGIBLE * most) {
        last--;
      }
      return new Axis(at(Math.max(0, first - 1)), at(Math.min(points - 1, last + 1)), points);
    }
  }

  private LimitPosterior(List<Evidence> evidence, Slo slo) {
    this.evidence = evidence;
    this.logitAllowed = logit(slo.allowedFraction());
    double lowest = evidence.stream().mapToDouble(Evidence::ratePerSecond).min().orElseThrow();
    double highest = evidence.stream().mapToDouble(Evidence::ratePerSecond).max().orElseThrow();
    this.usualLogSlope =
        Math.log(
            Math.max(
                LEAST_USUAL_SLOPE,
                USUAL_SLOPE * Math.sqrt(lowest * highest) * slo.limitNanos() / 1e9));
    this.limits = new Axis(Math.log(lowest / BEYOND), Math.log(highest * BEYOND), RATES);
    this.slopes = new Axis(Math.log(MIN_SLOPE), Math.log(MAX_SLOPE), SLOPES);
  }

  static LimitPosterior of(List<Evidence> evidence, Slo slo) {
    LimitPosterior posterior = new LimitPosterior(evidence, slo);
    posterior.evaluate();
    for (int i = 0; i < REFINEMENTS; i++) {
      posterior.limits = posterior.limits.around(posterior.limitMass);
      posterior.slopes = posterior.slopes.around(posterior.slopeMass);
      posterior.evaluate();
    }
    return posterior;
  }

  private void evaluate() {
    double[][] logDensity = new double[RATES][SLOPES];
    double best = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < RATES; i++) {
      for (int j = 0; j < SLOPES; j++) {
        logDensity[i][j] = logDensity(limits.at(i), slopes.at(j));
        if (logDensity[i][j] > best) {
          best = logDensity[i][j];
          bestLimit = limits.at(i);
          bestSlope = slopes.at(j);
        }
      }
    }
    limitMass = new double[RATES];
    slopeMass = new double[SLOPES];
    for (int i = 0; i < RATES; i++) {
      for (int j = 0; j < SLOPES; j++) {
        double weight = Math.exp(logDensity[i][j] - best);
        limitMass[i] += weight;
        slopeMass[j] += weight;
      }
    }
  }

  private double logDensity(double logLimit, double logSlope) {
    double deviation = (logSlope - usualLogSlope) / SLOPE_DEVIATION;
    double slope = Math.exp(logSlope);
    double sum = -deviation * deviation / 2;
    for (Evidence e : evidence) {
      double logit = logitAllowed + slope * (Math.log(e.ratePerSecond()) - logLimit);
      double late = e.effectiveCount() * e.fraction();
      // ln f = −ln(1+e^−l) and ln(1−f) = −ln(1+e^l), without losing the small ones.
      sum -= late * softplus(-logit) + (e.effectiveCount() - late) * softplus(logit);
    }
    return sum;
  }

  /** The deviance from the best line over its degrees of freedom, and at least 1. */
  double dispersion() {
    double deviance = 0;
    for (Evidence e : evidence) {
      double logit = logitAllowed + Math.exp(bestSlope) * (Math.log(e.ratePerSecond()) - bestLimit);
      double expected = 1 / (1 + Math.exp(-logit));
      double entropy =
          relativeEntropy(e.fraction(), expected) + relativeEntropy(1 - e.fraction(), 1 - expected);
      deviance += 2 * e.effectiveCount() * entropy;
    }
    return evidence.size() <= 2 ? 1 : Math.max(1, deviance / (evidence.size() - 2));
  }

  LimitEstimate estimate() {
    double slope = 0;
    double total = 0;
    for (int j = 0; j < SLOPES; j++) {
      slope += slopeMass[j] * slopes.at(j);
      total += slopeMass[j];
    }
    return new LimitEstimate(
        limitQuantile(0.5), limitQuantile(TAIL), limitQuantile(1 - TAIL), Math.exp(slope / total));
  }

  private double limitQuantile(double probability) {
    double total = 0;
    for (double mass : limitMass) {
      total += mass;
    }
    double sum = 0;
    for (int i = 0; i < RATES; i++) {
      if (sum + limitMass[i] >= probability * total) {
        double within = limitMass[i] == 0 ? 0 : (probability * total - sum) / limitMass[i] - 0.5;
        return Math.exp(limits.at(i + within));
      }
      sum += limitMass[i];
    }
    return Math.exp(limits.to());
  }

  private static double relativeEntropy(double observed, double expected) {
    return observed <= 0 ? 0 : observed * Math.log(observed / Math.max(1e-12, expected));
  }

  private static double logit(double fraction) {
    return Math.log(fraction / (1 - fraction));
  }

  private static double softplus(double x) {
    return x > 30 ? x : Math.log1p(Math.exp(x));
  }
}
