package dev.nereid.bench.arrivals;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;

class ArrivalScheduleProperties {

  @Property(tries = 100)
  void instantsNeverGoBack(
      @ForAll ArrivalProcess process,
      @ForAll @DoubleRange(min = 0.01, max = 1e6) double rate,
      @ForAll long seed) {
    ArrivalSchedule schedule = new ArrivalSchedule(process, rate, seed);
    long last = 0;
    for (int i = 0; i < 1000; i++) {
      long next = schedule.nextOffsetNanos();
      assertThat(next).isGreaterThanOrEqualTo(last);
      last = next;
    }
  }

  @Property(tries = 50)
  void theSameSeedGivesTheSameInstants(
      @ForAll ArrivalProcess process,
      @ForAll @DoubleRange(min = 0.1, max = 1e5) double rate,
      @ForAll long seed) {
    ArrivalSchedule one = new ArrivalSchedule(process, rate, seed);
    ArrivalSchedule other = new ArrivalSchedule(process, rate, seed);
    for (int i = 0; i < 100; i++) {
      assertThat(one.nextOffsetNanos()).isEqualTo(other.nextOffsetNanos());
    }
  }

  @Property(tries = 30)
  void poissonGapsHaveTheMeanAndTheVarianceOfAnExponential(
      @ForAll @DoubleRange(min = 1, max = 1e4) double rate, @ForAll long seed) {
    ArrivalSchedule schedule = new ArrivalSchedule(ArrivalProcess.POISSON, rate, seed);
    int n = 20_000;
    double sum = 0;
    double squares = 0;
    long last = 0;
    for (int i = 0; i < n; i++) {
      long next = schedule.nextOffsetNanos();
      double gap = (next - last) * rate / 1e9;
      last = next;
      sum += gap;
      squares += gap * gap;
    }
    double mean = sum / n;
    // Six standard errors: 1/√n of the mean, √8/√n of the variance.
    assertThat(mean).isCloseTo(1, within(6 / Math.sqrt(n)));
    assertThat(squares / n - mean * mean).isCloseTo(1, within(6 * Math.sqrt(8.0 / n)));
  }

  @Example
  void constantGapsDoNotDrift() {
    ArrivalSchedule schedule = new ArrivalSchedule(ArrivalProcess.CONSTANT, 3, 1);
    long last = 0;
    for (int i = 0; i <= 3_000_000; i++) {
      last = schedule.nextOffsetNanos();
    }
    assertThat(last).isEqualTo(1_000_000_000_000_000L);
  }

  @Example
  void aRateThatIsNoneIsRefused() {
    for (double rate : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> new ArrivalSchedule(ArrivalProcess.POISSON, rate, 1))
          .hasMessage("rate: " + rate + " (expected: > 0)");
    }
  }
}
