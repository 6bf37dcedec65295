package dev.nereid.bench.report;

import dev.nereid.bench.measure.ProbePlan.Load;
import dev.nereid.bench.measure.ProbeResult;
import dev.nereid.bench.statistics.LimitEstimate;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;

/** Numbers as people read them: with units, and no more digits than the measurement carries. */
public final class Quantities {
  private Quantities() {}

  /** {@code 97.8 ms}; a dash where there is none, {@code ∞} where so many were never answered. */
  public static String millis(double nanos) {
    if (Double.isNaN(nanos)) {
      return "–";
    }
    if (Double.isInfinite(nanos)) {
      return "∞";
    }
    double ms = nanos / 1e6;
    String format = ms < 0.995 ? "%.2f ms" : ms < 99.5 ? "%.1f ms" : "%.0f ms";
    return String.format(Locale.ROOT, format, ms);
  }

  /** Three significant digits, four from a thousand on. */
  static String rate(double perSecond) {
    return decimals(perSecond, perSecond < 9.95 ? 2 : perSecond < 99.5 ? 1 : 0);
  }

  /** {@code 9.1 RPS (8.7–9.4)}, all with the digits that the interval's width allows. */
  static String limit(LimitEstimate estimate) {
    int digits = digitsFor(estimate.high() - estimate.low());
    return rounded(estimate.ratePerSecond(), digits)
        + " RPS ("
        + rounded(estimate.low(), digits)
        + "–"
        + rounded(estimate.high(), digits)
        + ")";
  }

  /** {@code 100/s} or {@code concurrency 8}. */
  static String load(ProbeResult result) {
    return load(result.plan().load());
  }

  /** The same of a load that is planned. */
  public static String load(Load load) {
    return load instanceof Load.Closed closed
        ? "concurrency " + closed.concurrency()
        : rate(load.ratePerSecond().orElseThrow()) + "/s";
  }

  static String percent(double fraction) {
    return decimals(100 * fraction, fraction < 0.0995 ? 2 : 1) + " %";
  }

  static String decimals(double value, int digits) {
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }

  /** Digits after the point, negative before it, that leave an interval 5 to 50 of its last one. */
  private static int digitsFor(double width) {
    return width > 0 ? Math.min(3, -(int) Math.floor(Math.log10(width / 5))) : 3;
  }

  private static String rounded(double value, int digits) {
    return BigDecimal.valueOf(value).setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
  }
}
