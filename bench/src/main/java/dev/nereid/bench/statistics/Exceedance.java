package dev.nereid.bench.statistics;

import org.apache.commons.statistics.distribution.BetaDistribution;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * The share of requests beyond a limit, with an interval that does not take neighbours for
 * independent.
 *
 * <p>A server that batches answers whole batches late, and a queue that is long stays long for a
 * while. Counting requests as independent (a binomial interval) is then wrong by factors of tens in
 * the variance. So:
 *
 * <ol>
 *   <li>The window is cut into up to {@value #MAX_BLOCKS} contiguous blocks by scheduled time, with
 *       n_j requests and x_j late ones; f = Σx / Σn, the residuals are d_j = x_j − f·n_j.
 *   <li>The variance of f is B/(B−1) · Σd² / (Σn)² (batch means of a ratio). Where neighbouring
 *       blocks still correlate, ρ = Σ d_j·d_(j+1) / Σd² > 0, it is multiplied by (1+ρ)/(1−ρ), the
 *       factor of a first-order autoregression.
 *   <li>VIF, the variance inflation factor, is that variance over the binomial f(1−f)/n, and at
 *       least 1; the effective number of requests is n / VIF.
 *   <li>The interval is Clopper and Pearson's exact one at the effective counts, its size reduced
 *       by (z/t)² for a variance that was itself estimated from B blocks (Korn and Graubard, 1998).
 *       It stays honest where no request was late at all.
 * </ol>
 *
 * @param count requests
 * @param late those beyond the limit, failed or never answered
 * @param blocks B
 * @param vif how much larger the variance is than that of independent requests; at least 1
 * @param low the lower end of the interval of the share
 * @param high the upper end
 */
public record Exceedance(long count, long late, int blocks, double vif, double low, double high) {
  /** Enough for a variance with a usable t quantile, few enough that blocks outlast batches. */
  public static final int MAX_BLOCKS = 30;

  private static final double MAX_CORRELATION = 0.9;

  /** Late requests over requests; 0 where there were none. */
  public double fraction() {
    return count == 0 ? 0 : (double) late / count;
  }

  /** How many independent requests would tell as much. */
  public double effectiveCount() {
    return count / vif;
  }

  /**
   * The estimate from counts by slice of scheduled time.
   *
   * @param counts requests in each slice
   * @param lates those late, by slice; no larger than the count
   * @param minVif a floor for the VIF, at least 1
   * @param confidence of the two-sided interval, such as 0.95
   */
  public static Exceedance ofSlices(int[] counts, int[] lates, double minVif, double confidence) {
    int blocks = Math.min(MAX_BLOCKS, counts.length);
    long[] n = new long[blocks];
    long[] x = new long[blocks];
    for (int slice = 0; slice < counts.length; slice++) {
      int block = (int) ((long) slice * blocks / counts.length);
      n[block] += counts[slice];
      x[block] += lates[slice];
    }
    long count = sum(n);
    long late = sum(x);
    double vif = Math.max(minVif, vif(n, x, count, late));
    double[] interval =
        interval(count, (double) late / Math.max(1, count), vif, blocks, confidence);
    return new Exceedance(count, late, blocks, vif, interval[0], interval[1]);
  }

  /**
   * The interval of a share that was observed as {@code fraction} in {@code count} requests of that
   * VIF.
   *
   * @return the lower and the upper end
   */
  public static double[] interval(
      long count, double fraction, double vif, int blocks, double confidence) {
    if (count == 0 || blocks < 2) {
      return new double[] {0, 1};
    }
    double tail = (1 - confidence) / 2;
    double z = NormalDistribution.of(0, 1).inverseSurvivalProbability(tail);
    double t = TDistribution.of(blocks - 1).inverseSurvivalProbability(tail);
    double n = count / vif * (z / t) * (z / t);
    double x = fraction * n;
    double low = x <= 0 ? 0 : beta(x, n - x + 1, tail);
    double high = x >= n ? 1 : beta(x + 1, n - x, 1 - tail);
    return new double[] {low, high};
  }

  private static double beta(double alpha, double beta, double probability) {
    return BetaDistribution.of(alpha, beta).inverseCumulativeProbability(probability);
  }

  private static double vif(long[] n, long[] x, long count, long late) {
    int blocks = n.length;
    if (blocks < 2 || late == 0 || late == count) {
      return 1;
    }
    double fraction = (double) late / count;
    double squares = 0;
    double products = 0;
    double previous = 0;
    for (int j = 0; j < blocks; j++) {
      double residual = x[j] - fraction * n[j];
      squares += residual * residual;
      products += residual * previous;
      previous = residual;
    }
    if (squares == 0) {
      return 1;
    }
    double correlation = Math.min(MAX_CORRELATION, Math.max(0, products / squares));
    double variance = (double) blocks / (blocks - 1) * squares / count / count;
    variance *= (1 + correlation) / (1 - correlation);
    double binomial = fraction * (1 - fraction) / count;
    return Math.max(1, variance / binomial);
  }

  private static long sum(long[] values) {
    long sum = 0;
    for (long value : values) {
      sum += value;
    }
    return sum;
  }
}
