package dev.nereid.bench.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.bench.statistics.LimitEstimate.Evidence;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LimitEstimateTest {
  private static final Slo SLO = Slo.parse("p95<=100ms");

  @Test
  void betweenACleanPassAndACleanFailTheIntervalIsTheGapBetweenThem() {
    LimitEstimate estimate =
        LimitEstimate.of(List.of(new Evidence(1000, 3000, 0), new Evidence(1100, 3000, 1)), SLO);

    assertThat(estimate.low()).isBetween(970.0, 1015.0);
    assertThat(estimate.high()).isBetween(1070.0, 1120.0);
    assertThat(estimate.ratePerSecond()).isBetween(1030.0, 1070.0);
  }

  @Test
  void moreDataNarrowsTheInterval() {
    double few = fitted(new SplittableRandom(1), 100, 200, 30).relativeHalfWidth();
    double many = fitted(new SplittableRandom(1), 100, 20_000, 30).relativeHalfWidth();

    assertThat(many).isLessThan(few / 3);
  }

  @Test
  void theIntervalContainsTheLimitAsOftenAsItSaysForGentleAndSteepEnds() {
    for (double slope : new double[] {8, 20, 60}) {
      int contained = 0;
      SplittableRandom random = new SplittableRandom((long) slope);
      for (int trial = 0; trial < 100; trial++) {
        LimitEstimate e = fitted(random, 100, 400, slope);
        contained += e.low() <= 100 && 100 <= e.high() ? 1 : 0;
      }
      assertThat(contained).as("slope " + slope).isGreaterThanOrEqualTo(91);
    }
  }

  @Test
  void aProbeThatDisagreesWithTheOthersWidensTheInterval() {
    List<Evidence> agreeing =
        List.of(
            new Evidence(90, 500, 0.012),
            new Evidence(95, 500, 0.025),
            new Evidence(100, 500, 0.05),
            new Evidence(105, 500, 0.1),
            new Evidence(110, 500, 0.19));
    List<Evidence> disagreeing = new ArrayList<>(agreeing);
    disagreeing.set(2, new Evidence(100, 500, 0.2));
    disagreeing.set(3, new Evidence(105, 500, 0.01));

    assertThat(LimitEstimate.of(disagreeing, SLO).relativeHalfWidth())
        .isGreaterThan(1.5 * LimitEstimate.of(agreeing, SLO).relativeHalfWidth());
  }

  /** Seven probes about a limit of 100, with binomial noise. */
  private static LimitEstimate fitted(
      SplittableRandom random, double limit, int count, double slope) {
    List<Evidence> evidence = new ArrayList<>();
    for (double rate : new double[] {75, 88, 95, 99, 102, 106, 115}) {
      double logit = Math.log(0.05 / 0.95) + slope * Math.log(rate / limit);
      double share = 1 / (1 + Math.exp(-logit));
      int late = 0;
      for (int i = 0; i < count; i++) {
        late += random.nextDouble() < share ? 1 : 0;
      }
      evidence.add(new Evidence(rate, count, (double) late / count));
    }
    return LimitEstimate.of(evidence, SLO);
  }
}
