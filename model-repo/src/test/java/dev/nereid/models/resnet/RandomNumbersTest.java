package dev.nereid.models.resnet;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class RandomNumbersTest {

  @Test
  void aSequenceDependsOnSeedAndNameAlone() {
    RandomNumbers numbers = new RandomNumbers(1, "layer");
    float third = numbers.uniform(2, 0, 1);
    assertThat(new RandomNumbers(1, "layer").uniform(2, 0, 1)).isEqualTo(third);
    assertThat(new RandomNumbers(2, "layer").uniform(2, 0, 1)).isNotEqualTo(third);
    assertThat(new RandomNumbers(1, "reyal").uniform(2, 0, 1)).isNotEqualTo(third);
    assertThat(numbers.uniform(3, 0, 1)).isNotEqualTo(third);
  }

  @Test
  void numbersFillTheirRangeEvenlyAndNeverLeaveIt() {
    RandomNumbers numbers = new RandomNumbers(99, "range");
    int[] bins = new int[10];
    for (int i = 0; i < 100_000; i++) {
      float number = numbers.uniform(i, -2, 3);
      assertThat(number).isGreaterThanOrEqualTo(-2).isLessThan(3);
      bins[(int) ((number + 2) * 2)]++;
    }
    for (int count : bins) {
      // 10,000 expected; five standard deviations are 474.
      assertThat(count).isBetween(9_500, 10_500);
    }
  }
}
