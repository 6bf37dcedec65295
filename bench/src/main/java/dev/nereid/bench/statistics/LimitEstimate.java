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
  private static final int DEGREES_PER_PROBE = 2;

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
    LimitEstimate first = fit(evidence, slo).estimate();
    List<Evidence> near =
        evidence.stream()
            .filter(e -> e.ratePerSecond() >= LOCAL_BELOW * first.low())
            .filter(e -> e.ratePerSecond() <= LOCAL_ABOVE * first.high())
            .toList();
    List<Evidence> local = near.isEmpty() ? evidence : near;
    LimitPosterior second = fit(local, slo);
    double dispersion = second.dispersion() * smallSample(local.size());
    List<Evidence> dispersed =
        local.stream()
            .map(
                e -> new Evidence(e.ratePerSecond(), e.effectiveCount() / dispersion, e.fraction()))
            .toList();
    return fit(dispersed, slo).estimate();
  }

  private static LimitPosterior fit(List<Evidence> evidence, Slo slo) {
    return LimitPosterior.of(evidence, slo);
  }

  /** (t/z)² at 95 % for a variance known from so many probes. */
  private static double smallSample(int probes) {
    double t = TDistribution.of(DEGREES_PER_PROBE * probes).inverseSurvivalProbability(0.025);
    double z = NormalDistribution.of(0, 1).inverseSurvivalProbability(0.025);
    return t / z * (t / z);
  }

  /** Half the interval's width over the estimate: 0.02 reads ±2 %. */
  public double relativeHalfWidth() {
    return (high - low) / 2 / ratePerSecond;
  }
}
