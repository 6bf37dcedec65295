package dev.nereid.bench.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.nereid.bench.measure.GeneratorHealth;
import dev.nereid.bench.measure.Prober;
import dev.nereid.bench.measure.StopSignal;
import dev.nereid.bench.search.MaxResult.Outcome;
import dev.nereid.bench.simulation.Queueing;
import dev.nereid.bench.simulation.SimulatedServer;
import dev.nereid.bench.simulation.VirtualTimeline;
import dev.nereid.bench.statistics.LimitEstimate;
import dev.nereid.bench.statistics.Slo;
import dev.nereid.bench.statistics.Verdict;
import dev.nereid.bench.target.GpuMeter;
import dev.nereid.bench.target.TargetException;
import java.time.Duration;
import java.util.OptionalDouble;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;

class MaxSearchTest {
  private static final long MILLI = 1_000_000L;
  private static final Slo P95_IN_100_MS = Slo.parse("p95<=100ms");

  private VirtualTimeline timeline = new VirtualTimeline();
  private final StopSignal stop = new StopSignal();

  private MaxResult search(SimulatedServer server, MaxSettings settings) throws TargetException {
    Prober prober =
        new Prober(
            server,
            timeline,
            GeneratorHealth.Limits.forLimit(settings.slo().limitNanos()),
            () -> 0,
            1,
            10_000_000_000L,
            1,
            GpuMeter.NONE,
            stop);
    return new MaxSearch(server, prober, timeline, stop, settings, SearchListener.SILENT).run();
  }

  private static MaxSettings settings(Slo slo, int budgetSeconds) {
    return MaxSettings.of(slo).withBudget(Duration.ofSeconds(budgetSeconds));
  }

  @Test
  void theLimitOfAnExponentialServerIsFound() throws TargetException {
    double truth = Queueing.exponentialLimit(0.005, 0.1, 0.05);
    MaxResult result =
        search(SimulatedServer.exponential(timeline, 5 * MILLI, 1), settings(P95_IN_100_MS, 600));

    assertThat(result.outcome()).isEqualTo(Outcome.CONFIRMED);
    LimitEstimate estimate = result.estimate().orElseThrow();
    assertThat(estimate.ratePerSecond()).isCloseTo(truth, within(0.05 * truth));
    assertThat(estimate.low()).isLessThan(truth);
    assertThat(estimate.high()).isGreaterThan(truth);
    assertThat(result.confirmedRate().orElseThrow()).isBetween(0.7 * truth, truth);
  }

  @Test
  void theLimitOfABatchingServerLiesJustBelowItsCapacity() throws TargetException {
    // s(n) = 5 ms + 0.76 ms · n: batches of 64 every 53.64 ms are 1,193/s at most.
    SimulatedServer server =
        SimulatedServer.batching(timeline, 1, 64, 20 * MILLI, 5 * MILLI, 760_000);
    MaxResult result = search(server, settings(P95_IN_100_MS, 240));

    assertThat(result.outcome()).isEqualTo(Outcome.CONFIRMED);
    assertThat(result.estimate().orElseThrow().ratePerSecond()).isBetween(1110.0, 1185.0);
    assertThat(result.limiter().kind()).isEqualTo(Limiter.Kind.CAPACITY);
  }

  @Test
  void theIntervalContainsTheLimitNineTimesInTen() throws TargetException {
    // Forty short searches of either queue; at 95 % each the chance of fewer than 34 is below 1 in
    // 100.
    assertCovers(
        34,
        Queueing.exponentialLimit(0.005, 0.1, 0.05),
        seed -> SimulatedServer.exponential(timeline, 5 * MILLI, seed),
        settings(P95_IN_100_MS, 60));
    assertCovers(
        34,
        Queueing.deterministicLimit(0.03, 0.25, 0.05),
        seed -> SimulatedServer.deterministic(timeline, 30 * MILLI),
        settings(Slo.parse("p95<=250ms"), 60));
  }

  private void assertCovers(
      int atLeast, double truth, LongFunction<SimulatedServer> server, MaxSettings settings)
      throws TargetException {
    int covered = 0;
    int confirmedAbove = 0;
    for (int seed = 0; seed < 40; seed++) {
      timeline = new VirtualTimeline();
      MaxResult result = search(server.apply(seed), settings.withSeed(1000 + seed));
      LimitEstimate estimate = result.estimate().orElseThrow();
      covered += estimate.low() <= truth && truth <= estimate.high() ? 1 : 0;
      confirmedAbove += result.confirmedRate().orElse(0) > truth ? 1 : 0;
    }
    assertThat(covered).isGreaterThanOrEqualTo(atLeast);
    assertThat(confirmedAbove).isLessThanOrEqualTo(2);
  }

  @Test
  void aSlowModelIsMeasuredWithinAMinute() throws TargetException {
    // Some ten requests a second on a small machine: what quickstart meets.
    long before = timeline.nanoTime();
    MaxResult result =
        search(
            SimulatedServer.batching(timeline, 1, 8, 5 * MILLI, 20 * MILLI, 40 * MILLI),
            settings(Slo.parse("p95<=250ms"), 60));

    assertThat(result.estimate()).isPresent();
    assertThat(result.estimate().get().relativeHalfWidth()).isLessThan(0.5);
    assertThat((timeline.nanoTime() - before) / 1e9).isLessThan(75);
  }

  @Test
  void anObjectiveThatNoRateMeetsIsSaidToBeMissed() throws TargetException {
    MaxResult result =
        search(SimulatedServer.deterministic(timeline, 150 * MILLI), settings(P95_IN_100_MS, 120));

    assertThat(result.outcome()).isEqualTo(Outcome.NOT_MET);
    assertThat(result.estimate()).isEmpty();
    assertThat(result.limiter().kind()).isEqualTo(Limiter.Kind.BATCH_SERVICE_TIME);
  }

  @Test
  void aServerOfOneRequestInFourSecondsIsMeasuredToo() throws TargetException {
    double truth = Queueing.deterministicLimit(4, 30, 0.05);
    MaxResult result =
        search(
            SimulatedServer.deterministic(timeline, 4_000 * MILLI),
            settings(Slo.parse("p95<=30s"), 1800));

    LimitEstimate estimate = result.estimate().orElseThrow();
    assertThat(estimate.low()).isLessThan(truth);
    assertThat(estimate.high()).isGreaterThan(truth);
  }

  @Test
  void aBudgetThatEndsBeforeAnyRateHeldDoesNotSayThatNoneDoes() throws TargetException {
    // 2.5/s is the limit; from 100/s on the way down is long.
    MaxResult result =
        search(
            SimulatedServer.deterministic(timeline, 300 * MILLI),
            startingAt(100, settings(Slo.parse("p95<=1s"), 12)));

    assertThat(result.openProbes()).allMatch(p -> p.verdict() == Verdict.FAIL);
    assertThat(result.outcome()).isEqualTo(Outcome.UNDECIDED);
  }

  @Test
  void aServerThatWaitsForFullBatchesIsAskedMoreBeforeItIsGivenUp() throws TargetException {
    // A lone request takes 105 ms; 32 at once are a batch, which takes 10 ms: 3,200/s.
    MaxResult result =
        search(
            SimulatedServer.batching(timeline, 1, 32, 95 * MILLI, 10 * MILLI, 0),
            settings(P95_IN_100_MS, 60));

    assertThat(result.outcome()).isEqualTo(Outcome.CONFIRMED);
    assertThat(result.estimate().orElseThrow().ratePerSecond()).isCloseTo(3200, within(160.0));
  }

  @Test
  void aServerThatFallsBehindIsNotCreditedWithMoreThanItAnswers() throws TargetException {
    // 64 requests in 2 ms + 64 · 0.164 ms: 5,120/s. A few more are not late within seconds.
    for (int seed = 0; seed < 3; seed++) {
      timeline = new VirtualTimeline();
      MaxResult result =
          search(
              SimulatedServer.batching(timeline, 1, 64, 0, 2 * MILLI, 164_062),
              settings(P95_IN_100_MS, 120).withSeed(seed));

      assertThat(result.estimate().orElseThrow().ratePerSecond()).isBetween(5000.0, 5130.0);
    }
  }

  @Test
  void aProbeThatFailedAltogetherIsNoEndWhereALoneRequestIsAnswered() throws TargetException {
    SimulatedServer server = SimulatedServer.deterministic(timeline, MILLI);
    long start = timeline.nanoTime();
    timeline.at(start + 2_500 * MILLI, () -> server.refuse(1));
    timeline.at(start + 4_500 * MILLI, () -> server.refuse(0));
    MaxResult result = search(server, startingAt(100, settings(P95_IN_100_MS, 60)));

    assertThat(result.openProbes().get(0).isAllErrors()).isTrue();
    assertThat(result.openProbes()).hasSizeGreaterThan(3);
  }

  private static MaxSettings startingAt(double rate, MaxSettings base) {
    return new MaxSettings(
        base.slo(),
        base.arrivals(),
        base.budget(),
        base.warmup(),
        base.confirm(),
        base.seed(),
        base.precision(),
        OptionalDouble.of(rate),
        base.maxRate());
  }

  @Test
  void aGeneratorThatIsAlwaysLateFindsNoLimitAndSaysSo() throws TargetException {
    timeline.oversleep(5.0 * MILLI);
    MaxResult result =
        search(SimulatedServer.deterministic(timeline, MILLI), settings(P95_IN_100_MS, 60));

    assertThat(result.outcome()).isEqualTo(Outcome.GENERATOR_LIMITED);
    assertThat(result.limiter().kind()).isEqualTo(Limiter.Kind.GENERATOR);
    assertThat(result.limiter().sentence()).contains("the generator was late");
    assertThat(result.openProbes()).allMatch(p -> p.verdict() == Verdict.INVALID);
  }

  @Test
  void aLimitThatALateGeneratorKeptFromBeingConfirmedIsWarnedOf() throws TargetException {
    long start = timeline.nanoTime();
    timeline.at(start + 30_000 * MILLI, () -> timeline.oversleep(5.0 * MILLI));
    MaxResult result =
        search(SimulatedServer.deterministic(timeline, MILLI), settings(P95_IN_100_MS, 60));

    assertThat(result.outcome()).isEqualTo(Outcome.UNCONFIRMED);
    assertThat(result.limiter().kind()).isNotEqualTo(Limiter.Kind.GENERATOR);
    assertThat(result.warnings())
        .anyMatch(
            w ->
                w.matches(
                    "not confirmed: at \\d+\\.?\\d* requests a second the generator was late.*"));
  }

  @Test
  void aRateThatMustNotBeExceededIsNot() throws TargetException {
    MaxSettings base = settings(P95_IN_100_MS, 60);
    MaxSettings capped =
        new MaxSettings(
            base.slo(),
            base.arrivals(),
            base.budget(),
            base.warmup(),
            base.confirm(),
            1,
            0.01,
            OptionalDouble.of(20),
            50);
    MaxResult result = search(SimulatedServer.deterministic(timeline, MILLI), capped);

    assertThat(result.outcome()).isEqualTo(Outcome.NOT_REACHED);
    assertThat(result.openProbes()).allMatch(p -> p.ratePerSecond() <= 50);
  }

  @Test
  void aServerThatFailsEverythingEndsTheSearchWithItsWords() {
    SimulatedServer server = SimulatedServer.deterministic(timeline, MILLI);
    server.refuse(1);

    assertThatThrownBy(() -> search(server, settings(P95_IN_100_MS, 60)))
        .isInstanceOf(TargetException.class)
        .hasMessage("every request failed, the first with UNAVAILABLE: refused");
  }

  @Test
  void aServerThatFailsATenthNeverMeetsTheObjectiveBecauseOfErrors() throws TargetException {
    SimulatedServer server = SimulatedServer.deterministic(timeline, MILLI);
    server.refuse(0.1);
    MaxResult result = search(server, settings(P95_IN_100_MS, 60));

    assertThat(result.outcome()).isEqualTo(Outcome.NOT_MET);
    assertThat(result.limiter().kind()).isEqualTo(Limiter.Kind.ERRORS);
  }

  @Test
  void anInterruptEndsTheSearchWithItsProbes() throws TargetException {
    timeline.at(timeline.nanoTime() + 12_000_000_000L, stop::request);
    long before = timeline.nanoTime();
    MaxResult result =
        search(SimulatedServer.deterministic(timeline, 5 * MILLI), settings(P95_IN_100_MS, 120));

    assertThat(result.outcome()).isEqualTo(Outcome.INTERRUPTED);
    assertThat(result.openProbes()).isNotEmpty();
    assertThat((timeline.nanoTime() - before) / 1e9).isLessThan(14);
  }

  @Test
  void theSameSeedOnTheSameServerGivesTheSameSearch() throws TargetException {
    MaxResult one =
        search(SimulatedServer.deterministic(timeline, 5 * MILLI), settings(P95_IN_100_MS, 30));
    timeline = new VirtualTimeline();
    MaxResult other =
        search(SimulatedServer.deterministic(timeline, 5 * MILLI), settings(P95_IN_100_MS, 30));

    assertThat(one.estimate()).isEqualTo(other.estimate());
    assertThat(one.probes()).hasSameSizeAs(other.probes());
  }
}
