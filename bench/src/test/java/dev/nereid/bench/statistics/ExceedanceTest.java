package dev.nereid.bench.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ExceedanceTest {

  @Test
  void independentRequestsHaveNoInflation() {
    SplittableRandom random = new SplittableRandom(1);
    double vifs = 0;
    for (int trial = 0; trial < 200; trial++) {
      vifs += independent(random, 60, 100, 0.05).vif();
    }
    // Floored at 1, so a little above; the correlation's correction adds to that.
    assertThat(vifs / 200).isBetween(1.0, 1.5);
  }

  @Test
  void theIntervalContainsTheTruthOfIndependentRequestsAsOftenAsItSays() {
    SplittableRandom random = new SplittableRandom(2);
    int contained = 0;
    for (int trial = 0; trial < 1000; trial++) {
      Exceedance e = independent(random, 60, 30, 0.05);
      contained += e.low() <= 0.05 && 0.05 <= e.high() ? 1 : 0;
    }
    assertThat(contained).isGreaterThanOrEqualTo(940);
  }

  @Test
  void batchesOfNeighboursAlikeAreSeenAsOneAnswerEach() {
    SplittableRandom random = new SplittableRandom(3);
    int contained = 0;
    double vifs = 0;
    for (int trial = 0; trial < 500; trial++) {
      Exceedance e = clustered(random, 3000, 20, 0.05);
      contained += e.low() <= 0.05 && 0.05 <= e.high() ? 1 : 0;
      vifs += e.vif() / 500;
    }
    assertThat(vifs).isBetween(15.0, 26.0);
    assertThat(contained).isGreaterThanOrEqualTo(460);
  }

  @Test
  void aBinomialIntervalWouldBeFarTooNarrowThere() {
    SplittableRandom random = new SplittableRandom(3);
    int contained = 0;
    for (int trial = 0; trial < 500; trial++) {
      Exceedance e = clustered(random, 3000, 20, 0.05);
      double[] naive = Exceedance.interval(e.count(), e.fraction(), 1, e.blocks(), 0.95);
      contained += naive[0] <= 0.05 && 0.05 <= naive[1] ? 1 : 0;
    }
    assertThat(contained).isLessThan(300);
  }

  @Test
  void blocksThatStillCorrelateWidenTheIntervalFurther() {
    int[] counts = new int[30];
    Arrays.fill(counts, 100);
    int[] runs = new int[30];
    Arrays.fill(runs, 0, 10, 30);
    int[] scattered = new int[30];
    for (int i = 0; i < 30; i += 3) {
      scattered[i] = 30;
    }

    assertThat(Exceedance.ofSlices(counts, runs, 1, 0.95).vif())
        .isGreaterThan(5 * Exceedance.ofSlices(counts, scattered, 1, 0.95).vif());
  }

  @Test
  void withoutAnyLateRequestTheIntervalIsTheExactOne() {
    int[] counts = new int[60];
    Arrays.fill(counts, 10);
    Exceedance e = Exceedance.ofSlices(counts, new int[60], 1, 0.95);

    assertThat(e.low()).isZero();
    // Clopper and Pearson at n = 600·(1.96/2.045)²: 1 − 0.025^(1/n).
    assertThat(e.high()).isCloseTo(1 - Math.pow(0.025, 1 / (600 * 0.9185)), within(1e-4));
  }

  @Test
  void aFloorForTheInflationKeepsACleanShortProbeModest() {
    int[] counts = new int[60];
    Arrays.fill(counts, 10);
    Exceedance e = Exceedance.ofSlices(counts, new int[60], 20, 0.95);

    assertThat(e.vif()).isEqualTo(20);
    assertThat(e.high()).isGreaterThan(0.05);
  }

  @Test
  void nothingMeasuredSaysNothing() {
    Exceedance e = Exceedance.ofSlices(new int[60], new int[60], 1, 0.95);

    assertThat(e.low()).isZero();
    assertThat(e.high()).isEqualTo(1);
    assertThat(e.fraction()).isZero();
  }

  private static Exceedance independent(SplittableRandom random, int slices, int each, double p) {
    int[] counts = new int[slices];
    int[] lates = new int[slices];
    for (int i = 0; i < slices * each; i++) {
      int slice = random.nextInt(slices);
      counts[slice]++;
      lates[slice] += random.nextDouble() < p ? 1 : 0;
    }
    return Exceedance.ofSlices(counts, lates, 1, 0.95);
  }

  /** Requests in batches of one fate. */
  private static Exceedance clustered(SplittableRandom random, int batches, int size, double p) {
    int[] counts = new int[60];
    int[] lates = new int[60];
    for (int batch = 0; batch < batches; batch++) {
      int slice = batch * 60 / batches;
      counts[slice] += size;
      lates[slice] += random.nextDouble() < p ? size : 0;
    }
    return Exceedance.ofSlices(counts, lates, 1, 0.95);
  }
}
