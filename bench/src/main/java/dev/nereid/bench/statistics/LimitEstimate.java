package dev.nereid.bench.statistics;

import java.util.List;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.apache.commons.statistics.distribution.TDistribution;

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
 * with θ flat in ln r between the lowest rate probed over 1.5 and the highest times 1.5, and β
 * lognormal about its usual size, a factor of e either way. Heavy-traffic theory gives that size:
 * the tail exp(−2(1−ρ)μt/(c_a²+c_s²)) has β = 2rt/(c_a²+c_s²), which is rt where service times are
 * exponential and 2rt where they are constant; 1.5·rt it is, with t the bound. The posterior's
 * median is the estimate and its 2.5 % and 97.5 % points are the interval. This is how
 * psychophysics finds thresholds, and it needs no special case where a probe had no late request or
 * nothing else: between a clean pass and a clean fail every θ is as likely as any other, and the
 * interval says so.
 *
 * <p>Every probe counts whatever it said, so that no lucky probe is selected. Rates far from the
 * limit say little about the slope there; the line is fitted again to the probes within {@value
 * #LOCAL_BELOW} to {@value #LOCAL_ABOVE} of the first estimate.
 *
 * <p>What the probes differ from the line by, beyond what their VIFs explain, is one more sign of
 * dependence: it contains what no single short probe can see of long queues. Where the deviance
 * over its degrees of freedom exceeds 1, every effective count is divided by it (quasi-likelihood),
 * and by (t/z)² for so few probes, since the VIFs are estimates themselves.
 *
 * @param ratePerSecond the estimate
 * @param low lower end of the 95 % interval
 * @param high upper end
 * @param steepness posterior mean of ln β, as β
 */
public record LimitEstimate(double ratePerSecond, double low, double high, double steepness) {
  static final double LOCAL_BELOW = 0.7;
  static final double LOCAL_ABOVE = 1.3;
  private static final int RATES = 401;
  private static final int SLOPES = 25;
  private static final double MIN_SLOPE = 2;
  private static final double MAX_SLOPE = 2000;
  private static final double BEYOND = 1.5;
  private static final double USUAL_SLOPE = 1.5;
  private static final double SLOPE_DEVIATION = 1;
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
   * @param slo the objective, which gives q and the usual steepness
   */
  public static LimitEstimate of(List<Evidence> evidence, Slo slo) {
    LimitEstimate first = fit(evidence, slo);
    List<Evidence> near =
        evidence.stream()
            .filter(e -> e.ratePerSecond() >= LOCAL_BELOW * first.low())
            .filter(e -> e.ratePerSecond() <= LOCAL_ABOVE * first.high())
            .toList();
    List<Evidence> local = near.isEmpty() ? evidence : near;
    LimitEstimate second = fit(local, slo);
    double dispersion =
        Math.max(1, second.dispersion(local, slo.allowedFraction())) * smallSample(local.size());
    List<Evidence> dispersed =
        local.stream()
            .map(
                e -> new Evidence(e.ratePerSecond(), e.effectiveCount() / dispersion, e.fraction()))
            .toList();
    return fit(dispersed, slo);
  }

  /** The deviance of the evidence from the fitted line over its degrees of freedom. */
  private double dispersion(List<Evidence> evidence, double allowed) {
    double deviance = 0;
    for (Evidence e : evidence) {
      double logit = logit(allowed) + steepness * Math.log(e.ratePerSecond() / ratePerSecond);
      double expected = 1 / (1 + Math.exp(-logit));
      deviance +=
          2
              * e.effectiveCount()
              * (relativeEntropy(e.fraction(), expected)
                  + relativeEntropy(1 - e.fraction(), 1 - expected));
    }
    return evidence.size() <= 2 ? 1 : deviance / (evidence.size() - 2);
  }

  /** (t/z)² at 95 % for a variance known from so many probes. */
  private static double smallSample(int probes) {
    double t = TDistribution.of(Math.max(2, probes - 1)).inverseSurvivalProbability(TAIL);
    double z = NormalDistribution.of(0, 1).inverseSurvivalProbability(TAIL);
    return t / z * (t / z);
  }

  private static double relativeEntropy(double observed, double expected) {
    return observed <= 0 ? 0 : observed * Math.log(observed / Math.max(1e-12, expected));
  }

  private static LimitEstimate fit(List<Evidence> used, Slo slo) {
    double allowed = slo.allowedFraction();
    double lowest = used.stream().mapToDouble(Evidence::ratePerSecond).min().orElseThrow();
    double highest = used.stream().mapToDouble(Evidence::ratePerSecond).max().orElseThrow();
    double from = Math.log(lowest / BEYOND);
    double to = Math.log(highest * BEYOND);
    double usual = Math.log(USUAL_SLOPE * Math.sqrt(lowest * highest) * slo.limitNanos() / 1e9);
    double[][] logLikelihood = new double[RATES][SLOPES];
    double best = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < RATES; i++) {
      double theta = grid(from, to, i, RATES);
      for (int j = 0; j < SLOPES; j++) {
        double slope = slope(j);
        double deviation = (Math.log(slope) - usual) / SLOPE_DEVIATION;
        double sum = -deviation * deviation / 2;
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
