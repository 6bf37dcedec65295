package dev.nereid.bench.statistics;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A service level objective on one percentile of the response time, such as {@code p95<=100ms}.
 *
 * @param percentile in percent, within (0, 100)
 * @param limitNanos the bound
 * @param inclusive whether a response of exactly the limit is in time ({@code <=}) or not ({@code
 *     <})
 */
public record Slo(double percentile, long limitNanos, boolean inclusive) {
  private static final Pattern FORM =
      Pattern.compile(
          "\\s*p(\\d{1,2}(?:\\.\\d{1,6})?)\\s*(<=|≤|<)\\s*(\\d{1,9}(?:\\.\\d{1,9})?)\\s*(us|µs|ms|s)\\s*");

  public Slo {
    if (!(percentile > 0 && percentile < 100)) {
      throw new IllegalArgumentException(
          "percentile: " + percentile + " (expected: above 0 and below 100)");
    }
    if (limitNanos <= 0) {
      throw new IllegalArgumentException("limit: " + limitNanos + " ns (expected: > 0)");
    }
  }

  /**
   * Reads {@code p95<=100ms}: any percentile, {@code <} or {@code <=}, {@code us}, {@code ms} or
   * {@code s}.
   *
   * @throws IllegalArgumentException with the form that is expected
   */
  public static Slo parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "slo: " + text + " (expected: a percentile and a bound, such as p95<=100ms or p99.9<2s)");
    }
    long unitNanos =
        switch (matcher.group(4)) {
          case "s" -> 1_000_000_000L;
          case "ms" -> 1_000_000L;
          default -> 1_000L;
        };
    BigDecimal nanos = new BigDecimal(matcher.group(3)).multiply(BigDecimal.valueOf(unitNanos));
    return new Slo(
        Double.parseDouble(matcher.group(1)), nanos.longValue(), !matcher.group(2).equals("<"));
  }

  /** The share of requests that may be late: 0.05 for p95. */
  public double allowedFraction() {
    // In decimals: 1 - 90 / 100.0 is a little less than the 0.1 that ten of a hundred are.
    return BigDecimal.valueOf(100)
        .subtract(BigDecimal.valueOf(percentile))
        .movePointLeft(2)
        .doubleValue();
  }

  /** Whether a response time is in time. */
  public boolean isMetBy(long responseNanos) {
    return inclusive ? responseNanos <= limitNanos : responseNanos < limitNanos;
  }

  public double limitMillis() {
    return limitNanos / 1e6;
  }

  /** {@code p95} or {@code p99.9}. */
  public String percentileName() {
    return "p" + BigDecimal.valueOf(percentile).stripTrailingZeros().toPlainString();
  }

  /** {@code p95 ≤ 100 ms}. */
  @Override
  public String toString() {
    String sign = inclusive ? "≤" : "<";
    return percentileName() + " " + sign + " " + boundText();
  }

  private String boundText() {
    if (limitNanos >= 1_000_000_000L && limitNanos % 1_000_000L == 0) {
      return plain(limitNanos / 1e9) + " s";
    }
    return limitNanos >= 1_000_000L
        ? plain(limitNanos / 1e6) + " ms"
        : plain(limitNanos / 1e3) + " µs";
  }

  private static String plain(double value) {
    String text = String.format(Locale.ROOT, "%.6f", value);
    return new BigDecimal(text).stripTrailingZeros().toPlainString();
  }
}
