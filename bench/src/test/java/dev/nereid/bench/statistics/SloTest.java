package dev.nereid.bench.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SloTest {

  @ParameterizedTest
  @CsvSource({
    "p95<=100ms, 95, 100000000, true, p95 ≤ 100 ms",
    "p99<2s, 99, 2000000000, false, p99 < 2 s",
    "p99.9 <= 250us, 99.9, 250000, true, p99.9 ≤ 250 µs",
    "p50<1.5ms, 50, 1500000, false, p50 < 1.5 ms",
    "p95≤0.1s, 95, 100000000, true, p95 ≤ 100 ms"
  })
  void anExpressionIsRead(
      String text, double percentile, long limitNanos, boolean inclusive, String printed) {
    Slo slo = Slo.parse(text);

    assertThat(slo).isEqualTo(new Slo(percentile, limitNanos, inclusive));
    assertThat(slo).hasToString(printed);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "p95",
        "95<=100ms",
        "p95=100ms",
        "p95>100ms",
        "p95<=100",
        "p95<=ms",
        "p100<=1s",
        "p95<=-1ms",
        "avg<=100ms",
        "p95<=100ms,p99<=1s"
      })
  void anythingElseIsRefusedWithTheForm(String text) {
    assertThatThrownBy(() -> Slo.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected: a percentile and a bound");
  }

  @ParameterizedTest
  @ValueSource(strings = {"p0<=1s", "p95<=0ms"})
  void aPercentileOrABoundOfNothingIsRefused(String text) {
    assertThatThrownBy(() -> Slo.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @CsvSource({"p50,0.5", "p90,0.1", "p95,0.05", "p99,0.01", "p99.9,0.001"})
  void asManyMayBeLateAsThePercentileLeavesToTheDigit(String percentile, double share) {
    assertThat(Slo.parse(percentile + "<=1s").allowedFraction()).isEqualTo(share);
  }

  @Test
  void theBoundItselfIsInTimeOnlyWhereTheSignSaysSo() {
    assertThat(Slo.parse("p95<=100ms").isMetBy(100_000_000)).isTrue();
    assertThat(Slo.parse("p95<=100ms").isMetBy(100_000_001)).isFalse();
    assertThat(Slo.parse("p95<100ms").isMetBy(100_000_000)).isFalse();
    assertThat(Slo.parse("p95<100ms").isMetBy(99_999_999)).isTrue();
  }
}
