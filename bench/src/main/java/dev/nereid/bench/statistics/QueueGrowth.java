package dev.nereid.bench.statistics;

import org.apache.commons.statistics.distribution.TDistribution;

/**
 * Whether the number of requests in flight grows through a window: a server that falls behind is
 * overloaded, also while its answers are still in time.
 *
 * <p>A line is fitted to the means of up to {@value #BLOCKS} blocks; the slope's standard error is
 * widened by (1+ρ)/(1−ρ) for the residuals' lag-1 correlation ρ, as queues remember. It grows if
 * the slope is positive at 99.9 % (one-sided), the last quarter's mean is at least twice the
 * first's, and the growth along the window is both material (1 % of the arrivals) and countable (8
 * requests).
 *
 * @param perSecond slope, requests in flight gained a second
 * @param firstQuarter mean in flight in the first quarter
 * @param lastQuarter mean in flight in the last quarter
 * @param overloaded whether the rule above says so
 */
public record QueueGrowth(
    double perSecond, double firstQuarter, double lastQuarter, boolean overloaded) {
  /** No growth to speak of. */
  public static final QueueGrowth NONE = new QueueGrowth(0, 0, 0, false);

  static final int BLOCKS = 16;
  private static final double SIGNIFICANCE = 0.999;
  private static final double MATERIAL_SHARE = 0.01;
  private static final double COUNTABLE = 8;

  /**
   * @param inFlight samples at equal distances
   * @param arrivals requests scheduled in the window
   * @param windowSeconds the window's length
   */
  public static QueueGrowth of(int[] inFlight, long arrivals, double windowSeconds) {
    int samples = inFlight.length;
    int blocks = Math.min(BLOCKS, samples);
    if (blocks < 8 || windowSeconds <= 0) {
      return NONE;
    }
    double[] means = new double[blocks];
    int[] counts = new int[blocks];
    for (int i = 0; i < samples; i++) {
      int block = (int) ((long) i * blocks / samples);
      means[block] += inFlight[i];
      counts[block]++;
    }
    double mean = 0;
    for (int j = 0; j < blocks; j++) {
      means[j] /= counts[j];
      mean += means[j] / blocks;
    }
    double centre = (blocks - 1) / 2.0;
    double sxx = 0;
    double sxy = 0;
    for (int j = 0; j < blocks; j++) {
      sxx += (j - centre) * (j - centre);
      sxy += (j - centre) * (means[j] - mean);
    }
    double slope = sxy / sxx;
    double squares = 0;
    double products = 0;
    double previous = 0;
    for (int j = 0; j < blocks; j++) {
      double residual = means[j] - mean - slope * (j - centre);
      squares += residual * residual;
      products += residual * previous;
      previous = residual;
    }
    double rho = squares == 0 ? 0 : Math.min(0.9, Math.max(0, products / squares));
    double error = Math.sqrt(squares / (blocks - 2) / sxx * (1 + rho) / (1 - rho));
    double bound = TDistribution.of(blocks - 2).inverseCumulativeProbability(SIGNIFICANCE);
    double growth = slope * blocks;
    int quarter = blocks / 4;
    double first = average(means, 0, quarter);
    double last = average(means, blocks - quarter, blocks);
    boolean overloaded =
        slope > bound * error
            && last >= 2 * first
            && growth >= Math.max(COUNTABLE, MATERIAL_SHARE * arrivals);
    return new QueueGrowth(growth / windowSeconds, first, last, overloaded);
  }

  private static double average(double[] values, int from, int to) {
    double sum = 0;
    for (int i = from; i < to; i++) {
      sum += values[i];
    }
    return sum / Math.max(1, to - from);
  }
}
