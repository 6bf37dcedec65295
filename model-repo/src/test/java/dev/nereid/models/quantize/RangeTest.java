package dev.nereid.models.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RangeTest {

  @Test
  void minmaxHoldsEveryValueAndZero() {
    RangeObserver observer = RangeMethod.MINMAX.observer();
    observer.see(0, FloatBuffer.wrap(new float[] {1, 5, 2}));
    observer.see(0, FloatBuffer.wrap(new float[] {-3, 4}));
    assertThat(observer.range()).isEqualTo(new Range(-3, 5));
    RangeObserver positive = RangeMethod.MINMAX.observer();
    positive.see(0, FloatBuffer.wrap(new float[] {2, 3}));
    assertThat(positive.range()).isEqualTo(new Range(0, 3));
  }

  @Test
  void percentileLeavesOutTheFurthestValuesAtEachEnd() {
    float[] values = new float[10_001];
    for (int i = 0; i <= 10_000; i++) {
      values[i] = (i - 5_000) / 100f;
    }
    values[0] = -1_000;
    values[10_000] = 1_000;
    RangeObserver observer = new RangeMethod(99).observer();
    for (int pass = 0; pass < observer.passes(); pass++) {
      observer.see(pass, FloatBuffer.wrap(values));
    }
    // 1 % of the values at each end, to a bin's width of 2000/4096.
    assertThat(observer.range().low()).isCloseTo(-49, within(0.5f));
    assertThat(observer.range().high()).isCloseTo(49, within(0.5f));
  }

  @Test
  void percentileOfFewValuesIsMinmax() {
    RangeObserver observer = RangeMethod.PERCENTILE.observer();
    for (int pass = 0; pass < observer.passes(); pass++) {
      observer.see(pass, FloatBuffer.wrap(new float[] {-1, 0, 7}));
    }
    assertThat(observer.range()).isEqualTo(new Range(-1, 7));
  }

  @Test
  void aTensorOfZerosHasARange() {
    RangeObserver observer = RangeMethod.PERCENTILE.observer();
    for (int pass = 0; pass < observer.passes(); pass++) {
      observer.see(pass, FloatBuffer.wrap(new float[5]));
    }
    assertThat(observer.range()).isEqualTo(Range.ZERO);
  }

  @Test
  void whatIsNotANumberIsNoRange() {
    RangeObserver observer = RangeMethod.MINMAX.observer();
    observer.see(0, FloatBuffer.wrap(new float[] {1, Float.NaN, 2}));
    assertThatThrownBy(observer::range)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("(expected: finite, around 0)");
  }

  @ParameterizedTest
  @ValueSource(floats = {1.2345678f, 3.3e-20f, 98765.43f})
  void roundingMovesAnEndOutwardsByLessThanAThousandth(float value) {
    Range rounded = new Range(-value, value).rounded();
    assertThat(rounded.high()).isGreaterThanOrEqualTo(value).isLessThan(value * 1.001f);
    assertThat(rounded.low()).isEqualTo(-rounded.high());
    assertThat(rounded.rounded()).isEqualTo(rounded);
    float neighbour = new Range(0, Math.nextDown(rounded.high())).rounded().high();
    assertThat(neighbour).isEqualTo(rounded.high());
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 50, 100.1, Double.NaN})
  void aPercentileThatLeavesNothingOrTooMuchIsRefused(double percentile) {
    assertThatThrownBy(() -> new RangeMethod(percentile))
        .hasMessage("percentile: " + percentile + " (expected: above 50, at most 100)");
  }
}
