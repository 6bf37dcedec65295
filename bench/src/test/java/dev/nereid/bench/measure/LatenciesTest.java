package dev.nereid.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class LatenciesTest {

  @Test
  void percentilesAreOverEverythingOfferedTheMissingOnesLast() {
    Histogram histogram = new Histogram(3_600_000_000_000L, 3);
    for (int i = 1; i <= 90; i++) {
      histogram.recordValue(i * 1_000_000L);
    }
    Latencies latencies = new Latencies(histogram, 10);

    assertThat(latencies.percentileNanos(50)).isCloseTo(50e6, within(1e5));
    assertThat(latencies.percentileNanos(90)).isCloseTo(90e6, within(1e5));
    assertThat(latencies.percentileNanos(91)).isInfinite();
    assertThat(latencies.countAbove(80_000_000)).isEqualTo(20);
  }

  @Test
  void nothingRecordedHasNoPercentile() {
    assertThat(Latencies.none().percentileNanos(95)).isNaN();
    assertThat(Latencies.none().meanNanos()).isNaN();
  }
}
