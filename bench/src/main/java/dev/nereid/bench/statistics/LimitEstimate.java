package dev.nereid.bench.statistics;

import java.util.List;

/**
 * The rate at which the late share reaches what the objective allows, from every probe near it.
 *
 * <p>The late share f rises with the rate r; near the limit θ its logit is close to a line in ln r:
 *
 * <pre>logit f(r) = logit q + β · (ln r − ln θ)</pre>
 *
 * where q is the allowed share and β says how steep the end is (a cliff: hundreds; a gentle slope:
 * below ten). Each probe weighs in with its binomial likelihood at its effective counts (count /
 * VIF), so that a probe of neighbours alike weighs little. The posterior of θ is summed on a grid,
 * with θ flat in ln r between half the lowest and twice the highest rate probed and β flat in ln β;
 * its median is the estimate and its 2.5 % and 97.5 % points are the interval. This is how
 * psychophysics finds thresholds, and it needs no special case where a probe had no late request or
 * nothing else: between a clean pass and a clean fail every θ is as likely as any other, and the
 * interval says so.
 *
 * <p>Every probe counts whatever it said, so that no lucky probe is selected. Rates far from the
 * limit say little about the slope there; the line is fitted again to the probes within {@value
 * #LOCAL_BELOW} to {@value #LOCAL_ABOVE} of the first estimate.
 *
 * @param ratePerSecond the estimate
 * @param low lower end of the 95 % interval
 * @param high upper end
 * @param steepness posterior mean of ln β, as β
 */
public record LimitEstimate(double ratePerSecond, double low, double high, double steepness) {
  static final double LOCAL_BELOW = 0.7;
  static final double LOCAL_ABOVE = 1.3;
  private static final int RATES = 801;
  private static final int SLOPES = 49;
  private static final double MIN_SLOPE = 2;
  private static final double MAX_SLOPE = 2000;
  private static final double TAIL = 0.025;

  /**
   * One probe's evidence.
   *
   * @param ratePerSecond the rate offered
   * @param effectiveCount requests over VIF
   * @param fraction the late share
   */
  public record Evidence(double ratePerSecond, double effectiveCount, double fraction) {}

  /**
   * @param evidence at least one probe
   * @param allowedFraction q, such as 0.05
   */
  public static LimitEstimate of(List<Evidence> evidence, double allowedFraction) {
    LimitEstimate first = fit(evidence, evidence, allowedFraction);
    List<Evidence> near =
        evidence.stream()
            .filter(e -> e.ratePerSecond() >= LOCAL_BELOW * first.low())
            .filter(e -> e.ratePerSecond() <= LOCAL_ABOVE * first.high())
            .toList();
    return near.size() == evidence.size() || near.isEmpty()
        ? first
        : fit(near, evidence, allowedFraction);
  }

  private static LimitEstimate fit(List<Evidence> used, List<Evidence> all, double allowed) {
    double from =
        Math.log(all.stream().mapToDouble(Evidence::ratePerSecond).min().orElseThrow() / 2);
    double to = Math.log(all.stream().mapToDouble(Evidence::ratePerSecond).max().orElseThrow() * 2);
    double[][] logLikelihood = new double[RATES][SLOPES];
    double best = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < RATES; i++) {
      double theta = grid(from, to, i, RATES);
      for (int j = 0; j < SLOPES; j++) {
        double slope = slope(j);
        double sum = 0;
        for (Evidence e : used) {
          double logit = logit(allowed) + slope * (Math.log(e.ratePerSecond()) - theta);
          double late = e.effectiveCount() * e.fraction();
          // ln f = −ln(1+e^−l) and ln(1−f) = −ln(1+e^l), without losing the small ones.
          sum -= late * softplus(-logit) + (e.effectiveCount() - late) * softplus(logit);
        }
        logLikelihood[i][j] = sum;
        best = Math.max(best, sum);
      }
    }
    double[] mass = new double[RATES];
    double total = 0;
    double slopeSum = 0;
    for (int i = 0; i < RATES; i++) {
      for (int j = 0; j < SLOPES; j++) {
        double weight = Math.exp(logLikelihood[i][j] - best);
        mass[i] += weight;
        slopeSum += weight * Math.log(slope(j));
      }
      total += mass[i];
    }
    return new LimitEstimate(
        Math.exp(quantile(mass, total, 0.5, from, to)),
        Math.exp(quantile(mass, total, TAIL, from, to)),
        Math.exp(quantile(mass, total, 1 - TAIL, from, to)),
        Math.exp(slopeSum / total));
  }

  /** Half the interval's width over the estimate: 0.02 reads ±2 %. */
  public double relativeHalfWidth() {
    return (high - low) / 2 / ratePerSecond;
  }

  private static double quantile(double[] mass, double total, double p, double from, double to) {
    double sum = 0;
    for (int i = 0; i < mass.length; i++) {
      if (sum + mass[i] >= p * total) {
        double within = mass[i] == 0 ? 0 : (p * total - sum) / mass[i] - 0.5;
        return grid(from, to, i, mass.length) + within * (to - from) / (mass.length - 1);
      }
      sum += mass[i];
    }
    return to;
  }

  private static double slope(int j) {
    return Math.exp(grid(Math.log(MIN_SLOPE), Math.log(MAX_SLOPE), j, SLOPES));
  }

  private static double grid(double from, double to, int i, int points) {
    return from + (to - from) * i / (points - 1);
  }

  static double logit(double fraction) {
    return Math.log(fraction / (1 - fraction));
  }

  private static double softplus(double x) {
    return x > 30 ? x : Math.log1p(Math.exp(x));
  }
}
