package dev.nereid.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.bench.measure.ProbePlan.Objective;
import dev.nereid.bench.statistics.Exceedance;
import dev.nereid.bench.statistics.QueueGrowth;
import dev.nereid.bench.statistics.Slo;
import dev.nereid.bench.statistics.Verdict;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class JudgementTest {
  private static final Slo SLO = Slo.parse("p95<=100ms");
  private static final GeneratorHealth.Limits LIMITS = GeneratorHealth.Limits.forLimit(100_000_000);
  private static final GeneratorHealth LATE =
      new GeneratorHealth(5_000_000, 500, 1000, 0, 0.1, LIMITS);
  private static final GeneratorHealth PUNCTUAL = new GeneratorHealth(0, 0, 1000, 0, 0.1, LIMITS);

  private static Exceedance share(double low, double high) {
    return new Exceedance(1000, Math.round(500 * (low + high)), 30, 1, low, high);
  }

  private static Latencies service(long nanos) {
    Histogram histogram =
        new Histogram(Latencies.LOWEST_NANOS, Latencies.HIGHEST_NANOS, Latencies.DIGITS);
    histogram.recordValueWithCount(nanos, 1000);
    return new Latencies(histogram, 0);
  }

  @Test
  void theWholeIntervalDecides() {
    assertThat(Judgement.of(SLO, share(0.01, 0.05), QueueGrowth.NONE).verdict())
        .isEqualTo(Verdict.PASS);
    assertThat(Judgement.of(SLO, share(0.0501, 0.2), QueueGrowth.NONE).verdict())
        .isEqualTo(Verdict.FAIL);
    assertThat(Judgement.of(SLO, share(0.03, 0.06), QueueGrowth.NONE).verdict())
        .isEqualTo(Verdict.UNDECIDED);
  }

  @Test
  void theReasonSaysTheShareItsIntervalAndWhatIsAllowed() {
    assertThat(Judgement.of(SLO, share(0.03, 0.05), QueueGrowth.NONE).reason())
        .isEqualTo("4.00 % late (3.00–5.00 %), allowed 5 %");
  }

  @Test
  void aGrowingQueueFailsWhateverTheShare() {
    QueueGrowth growth = new QueueGrowth(10, 5, 50, true);

    assertThat(Judgement.of(SLO, share(0, 0.001), growth).verdict()).isEqualTo(Verdict.FAIL);
  }

  @Test
  void aLateGeneratorMakesEveryVerdictInvalid() {
    Judgement pass = Judgement.of(SLO, share(0, 0.01), QueueGrowth.NONE);
    Judgement fail = Judgement.of(SLO, share(0.2, 0.3), QueueGrowth.NONE);
    Objective objective = new Objective(SLO, true);

    assertThat(pass.given(LATE, objective, service(1_000_000)).verdict())
        .isEqualTo(Verdict.INVALID);
    assertThat(fail.given(LATE, objective, service(1_000_000)).verdict())
        .isEqualTo(Verdict.INVALID);
    assertThat(pass.given(PUNCTUAL, objective, service(1_000_000))).isEqualTo(pass);
  }

  @Test
  void aServerThatIsSlowFromTheSendTooFailsAllTheSame() {
    Judgement fail = Judgement.of(SLO, share(0.9, 1), QueueGrowth.NONE);

    assertThat(fail.given(LATE, new Objective(SLO, true), service(300_000_000))).isEqualTo(fail);
  }

  @Test
  void whereNobodyAskedForAnObjectiveMissingItExcusesNothing() {
    Judgement fail = Judgement.of(SLO, share(0.9, 1), QueueGrowth.NONE);

    assertThat(fail.given(LATE, new Objective(SLO, false), service(300_000_000)).verdict())
        .isEqualTo(Verdict.INVALID);
  }
}
