package dev.nereid.bench.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class QueueGrowthTest {

  @Test
  void aServerThatFallsBehindIsOverloaded() {
    int[] inFlight = new int[100];
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 100; i++) {
      inFlight[i] = 5 + i / 2 + random.nextInt(5);
    }
    QueueGrowth growth = QueueGrowth.of(inFlight, 1000, 10);

    assertThat(growth.overloaded()).isTrue();
    assertThat(growth.perSecond()).isCloseTo(5, within(0.5));
  }

  @Test
  void aBusyServerWhoseQueueComesAndGoesIsNot() {
    int overloaded = 0;
    for (int seed = 0; seed < 500; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      int[] inFlight = new int[200];
      double level = 10;
      for (int i = 0; i < inFlight.length; i++) {
        level = 10 + 0.95 * (level - 10) + 6 * (random.nextDouble() - 0.5);
        inFlight[i] = (int) Math.max(0, Math.round(level));
      }
      overloaded += QueueGrowth.of(inFlight, 2000, 10).overloaded() ? 1 : 0;
    }
    assertThat(overloaded).isLessThanOrEqualTo(5);
  }

  @Test
  void growthByAFewRequestsIsNotCounted() {
    int[] inFlight = new int[100];
    for (int i = 0; i < 100; i++) {
      inFlight[i] = 1 + i / 25;
    }
    assertThat(QueueGrowth.of(inFlight, 100, 10).overloaded()).isFalse();
  }

  @Test
  void tooFewSamplesSayNothing() {
    assertThat(QueueGrowth.of(new int[] {1, 50, 100}, 100, 1)).isEqualTo(QueueGrowth.NONE);
  }
}
