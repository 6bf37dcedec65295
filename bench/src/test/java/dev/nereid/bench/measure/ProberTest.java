package dev.nereid.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.nereid.bench.arrivals.ArrivalProcess;
import dev.nereid.bench.measure.ProbePlan.Load;
import dev.nereid.bench.measure.ProbePlan.Objective;
import dev.nereid.bench.simulation.SimulatedServer;
import dev.nereid.bench.simulation.VirtualTimeline;
import dev.nereid.bench.statistics.Slo;
import dev.nereid.bench.statistics.Verdict;
import dev.nereid.bench.target.GpuMeter;
import dev.nereid.bench.target.GpuUse;
import dev.nereid.bench.target.ResponseListener;
import dev.nereid.bench.target.StatisticsSnapshot;
import dev.nereid.bench.target.Target;
import dev.nereid.bench.target.TargetDescription;
import dev.nereid.bench.target.TargetException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProberTest {
  private static final long SECOND = 1_000_000_000L;
  private static final long MILLI = 1_000_000L;

  private final VirtualTimeline timeline = new VirtualTimeline();
  private final StopSignal stop = new StopSignal();
  private long cpuNanos;
  private GpuMeter gpus = GpuMeter.NONE;

  private Prober prober(Target target, Slo slo) {
    return new Prober(
        target,
        timeline,
        GeneratorHealth.Limits.forLimit(slo.limitNanos()),
        () -> cpuNanos,
        2,
        30 * SECOND,
        1,
        gpus,
        stop);
  }

  private ProbeResult open(Target target, String slo, double rate, long look, int looks)
      throws TargetException {
    Slo parsed = Slo.parse(slo);
    ProbePlan plan =
        new ProbePlan(
            new Load.Open(ArrivalProcess.POISSON, rate),
            new Objective(parsed, true),
            SECOND / 2,
            look,
            looks,
            7,
            1,
            false);
    return prober(target, parsed).probe(plan, ProbeListener.SILENT);
  }

  @Test
  void anEasyRatePassesWithEveryRequestCounted() throws TargetException {
    SimulatedServer server = SimulatedServer.deterministic(timeline, 2 * MILLI);
    ProbeResult result = open(server, "p95<=100ms", 100, 10 * SECOND, 1);

    assertThat(result.verdict()).isEqualTo(Verdict.PASS);
    assertThat(result.offered()).isEqualTo(result.sent()).isBetween(900L, 1100L);
    assertThat(result.good()).isEqualTo(result.offered());
    assertThat(result.response().count()).isEqualTo(result.offered());
    assertThat(result.errors()).isEmpty();
    assertThat(result.lag().percentileNanos(99)).isLessThan(1_000);
    assertThat(result.windowSeconds()).isCloseTo(10, within(0.01));
    assertThat(result.completedPerSecond()).isCloseTo(100, within(10.0));
  }

  @Test
  void gpusAreThoseOfTheMeasuredWindow() throws TargetException {
    List<Long> spans = new ArrayList<>();
    GpuUse use = new GpuUse("GPU-1", 0.5, 300, 1 << 20, 1 << 30, 10);
    gpus =
        (from, to) -> {
          spans.add(from);
          spans.add(to);
          return List.of(use);
        };
    long start = timeline.nanoTime();
    ProbeResult result =
        open(SimulatedServer.deterministic(timeline, MILLI), "p95<=100ms", 100, 10 * SECOND, 1);

    assertThat(result.gpus()).containsExactly(use);
    assertThat(spans).hasSize(2);
    assertThat(spans.get(0) - start).isEqualTo(SECOND / 2);
    assertThat((spans.get(1) - spans.get(0)) / 1e9)
        .isCloseTo(result.windowSeconds(), within(0.001));
  }

  @Test
  void whatTheServerDidNotSeeIsTheDifferenceOverTheSameRequests() throws TargetException {
    // Overloaded, each request waits longer than the one before: the settling ones least of all.
    SimulatedServer server = SimulatedServer.deterministic(timeline, 10 * MILLI);
    server.network(3 * MILLI);
    ProbeResult result = open(server, "p95<=100ms", 150, 2 * SECOND, 1);

    assertThat(result.stages().orElseThrow().networkNanos()).isCloseTo(3e6, within(1e3));
  }

  @Test
  void aStalledServerIsSeenFromTheScheduleNotFromTheSend() throws TargetException {
    // A second in every ten nothing is answered; a closed loop would see one late request each
    // time.
    Target stalling = new Stalling(timeline, SECOND);
    ProbeResult result = open(stalling, "p95<=100ms", 200, 20 * SECOND, 1);

    assertThat(result.verdict()).isNotEqualTo(Verdict.PASS);
    assertThat(result.exceedance().fraction()).isCloseTo(0.09, within(0.02));
    assertThat(result.percentileNanos()).isGreaterThan(300.0 * MILLI);
  }

  @Test
  void overdueRequestsCountAgainstTheObjectiveAndAreNeverDropped() throws TargetException {
    Target silent = new Silent();
    ProbeResult result = open(silent, "p95<=100ms", 50, 2 * SECOND, 1);

    assertThat(result.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(result.offered()).isPositive();
    assertThat(result.exceedance().late()).isEqualTo(result.offered());
    assertThat(result.good()).isZero();
    assertThat(result.percentileNanos()).isInfinite();
    assertThat(result.errors()).containsEntry("UNANSWERED", result.sent());
  }

  @Test
  void failedRequestsAreLateAndListedByTheirCode() throws TargetException {
    SimulatedServer server = SimulatedServer.deterministic(timeline, MILLI);
    server.refuse(0.2);
    ProbeResult result = open(server, "p95<=100ms", 100, 10 * SECOND, 1);

    assertThat(result.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(result.errors().get("UNAVAILABLE")).isEqualTo(result.exceedance().late());
    assertThat(result.firstError()).contains("UNAVAILABLE: refused");
  }

  @Test
  void aGeneratorThatOversleepsIsInvalidWithItsNumbers() throws TargetException {
    SimulatedServer server = SimulatedServer.deterministic(timeline, MILLI);
    timeline.oversleep(3.0 * MILLI);
    ProbeResult result = open(server, "p95<=100ms", 100, 10 * SECOND, 1);

    assertThat(result.verdict()).isEqualTo(Verdict.INVALID);
    assertThat(result.reason())
        .contains("the generator was late")
        .contains("more than 5.00 ms after their instant (lag p99 ");
    assertThat(result.generator().lagP99Nanos()).isGreaterThan(5 * MILLI);
  }

  @Test
  void itsLagIsPartOfTheResponseTimeButNotOfTheServiceTime() throws TargetException {
    SimulatedServer server = SimulatedServer.deterministic(timeline, MILLI / 10);
    timeline.oversleep(3.0 * MILLI);
    ProbeResult result = open(server, "p95<=100ms", 20, 10 * SECOND, 1);

    assertThat(result.service().percentileNanos(50)).isLessThan(0.2 * MILLI);
    assertThat(result.response().percentileNanos(50)).isGreaterThan(1.5 * MILLI);
  }

  @Test
  void aLateGeneratorDoesNotExcuseAServerThatIsSlowAnyway() throws TargetException {
    SimulatedServer server = SimulatedServer.batching(timeline, 100, 1, 0, 300 * MILLI, 0);
    timeline.oversleep(3.0 * MILLI);

    assertThat(open(server, "p95<=100ms", 100, 10 * SECOND, 1).verdict()).isEqualTo(Verdict.FAIL);
  }

  @Test
  void aGeneratorShortOfCpuIsInvalid() throws TargetException {
    SimulatedServer server = SimulatedServer.deterministic(timeline, MILLI);
    Target busy =
        new Forwarding(server) {
          @Override
          public void send(long sequence, ResponseListener listener) {
            cpuNanos += 19 * MILLI;
            super.send(sequence, listener);
          }
        };
    ProbeResult result = open(busy, "p95<=100ms", 100, 10 * SECOND, 1);

    assertThat(result.verdict()).isEqualTo(Verdict.INVALID);
    assertThat(result.reason()).contains("short of CPU").contains("expected: at most 80 %");
  }

  @Test
  void oneHiccupInAShortProbeDoesNotMakeItInvalid() {
    GeneratorHealth.Limits limits = new GeneratorHealth.Limits(MILLI, 0.8);

    assertThat(new GeneratorHealth(20 * MILLI, 2, 64, 0, 0, limits).complaint()).isEmpty();
    assertThat(new GeneratorHealth(20 * MILLI, 3, 64, 0, 0, limits).complaint()).isPresent();
    assertThat(new GeneratorHealth(2 * MILLI, 150, 10_000, 0, 0, limits).complaint()).isPresent();
    assertThat(new GeneratorHealth(0, 0, 64, 9, 0, limits).complaint()).isPresent();
  }

  @Test
  void aServerThatFallsBehindIsOverloadedBeforeItsAnswersAreLate() throws TargetException {
    // Ten percent above capacity: after 4 s 0.4 s of work waits, well within the bound of 5 s.
    SimulatedServer server = SimulatedServer.deterministic(timeline, 10 * MILLI);
    ProbeResult result = open(server, "p95<=5s", 115, 10 * SECOND, 1);

    assertThat(result.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(result.reason()).startsWith("overloaded: requests in flight grew from");
    assertThat(result.growth().perSecond()).isCloseTo(15, within(8.0));
  }

  @Test
  void anUndecidedProbeGoesOnUntilItsLooksAreUsedUp() throws TargetException {
    SimulatedServer server = SimulatedServer.deterministic(timeline, MILLI);
    ProbeResult easy = open(server, "p95<=100ms", 100, 2 * SECOND, 4);
    server.refuse(0.05);
    ProbeResult atLimit = open(server, "p95<=100ms", 100, 2 * SECOND, 4);

    assertThat(atLimit.verdict()).isEqualTo(Verdict.UNDECIDED);
    assertThat(atLimit.looks()).isEqualTo(4);
    assertThat(easy.verdict()).isEqualTo(Verdict.PASS);
    assertThat(easy.looks()).isEqualTo(1);
    assertThat(easy.windowSeconds()).isCloseTo(2, within(0.01));
  }

  @Test
  void aHopelessProbeEndsEarly() throws TargetException {
    SimulatedServer server = SimulatedServer.deterministic(timeline, 10 * MILLI);
    Slo slo = Slo.parse("p95<=100ms");
    ProbePlan plan =
        new ProbePlan(
            new Load.Open(ArrivalProcess.POISSON, 300),
            new Objective(slo, true),
            SECOND / 5,
            30 * SECOND,
            1,
            7,
            1,
            true);
    ProbeResult result = prober(server, slo).probe(plan, ProbeListener.SILENT);

    assertThat(result.verdict()).isEqualTo(Verdict.FAIL);
    assertThat(result.windowSeconds()).isLessThan(10);
  }

  @Test
  void aProbeStartsOnADrainedServer() throws TargetException {
    SimulatedServer server = SimulatedServer.deterministic(timeline, 10 * MILLI);
    open(server, "p95<=100ms", 150, 4 * SECOND, 1);
    ProbeResult after = open(server, "p95<=100ms", 20, 4 * SECOND, 1);

    assertThat(after.verdict()).isEqualTo(Verdict.PASS);
    assertThat(after.response().percentileNanos(99)).isLessThan(60.0 * MILLI);
  }

  @Test
  void theStagesAreThisProbesOnly() throws TargetException {
    SimulatedServer server = SimulatedServer.batching(timeline, 1, 8, 5 * MILLI, 4 * MILLI, MILLI);
    server.network(2 * MILLI);
    open(server, "p95<=100ms", 500, 2 * SECOND, 1);
    ProbeResult result = open(server, "p95<=100ms", 50, 10 * SECOND, 1);

    StageBreakdown stages = result.stages().orElseThrow();
    // Settling and the tail included.
    assertThat(stages.requests()).isBetween(result.sent(), result.sent() + 60);
    assertThat(stages.networkNanos()).isCloseTo(2.0 * MILLI, within(0.3 * MILLI));
    assertThat(stages.meanBatchRows()).isBetween(1.0, 2.0);
    for (StageBreakdown.Batch batch : stages.batches()) {
      assertThat(batch.serviceNanos()).isEqualTo((4.0 + batch.rows()) * MILLI);
    }
  }

  @Test
  void aClosedLoopKeepsSoManyOutstanding() throws TargetException {
    SimulatedServer server = SimulatedServer.batching(timeline, 4, 1, 0, 10 * MILLI, 0);
    Slo slo = Slo.parse("p95<=100ms");
    ProbePlan plan =
        new ProbePlan(new Load.Closed(8), new Objective(slo, true), 0, 5 * SECOND, 1, 1, 1, false);
    ProbeResult result = prober(server, slo).probe(plan, ProbeListener.SILENT);

    // Four instances of 10 ms: 400/s; by Little's law 8 outstanding take 20 ms.
    assertThat(result.completedPerSecond()).isCloseTo(400, within(5.0));
    assertThat(result.service().percentileNanos(50)).isCloseTo(20.0 * MILLI, within(0.1 * MILLI));
    assertThat(result.verdict()).isEqualTo(Verdict.PASS);
  }

  @Test
  void aClosedLoopDoesNotHammerAServerThatRefuses() throws TargetException {
    SimulatedServer server = SimulatedServer.deterministic(timeline, MILLI);
    server.refuse(1);
    Slo slo = Slo.parse("p95<=100ms");
    ProbePlan plan =
        new ProbePlan(new Load.Closed(4), new Objective(slo, true), 0, SECOND, 1, 1, 1, false);
    ProbeResult result = prober(server, slo).probe(plan, ProbeListener.SILENT);

    assertThat(result.isAllErrors()).isTrue();
    assertThat(result.sent()).isLessThan(500);
  }

  @Test
  void anInterruptEndsTheProbeWithWhatItHas() throws TargetException {
    SimulatedServer server = SimulatedServer.deterministic(timeline, MILLI);
    timeline.at(timeline.nanoTime() + 3 * SECOND, stop::request);
    ProbeResult result = open(server, "p95<=100ms", 100, 60 * SECOND, 1);

    assertThat(result.interrupted()).isTrue();
    assertThat(result.windowSeconds()).isCloseTo(2.5, within(0.1));
    assertThat(result.offered()).isBetween(180L, 320L);
    assertThat(result.good()).isEqualTo(result.offered());
  }

  @Test
  void aServerThatRestartsBetweenHasNoStages() throws TargetException {
    SimulatedServer server = SimulatedServer.deterministic(timeline, MILLI);
    open(server, "p95<=100ms", 100, SECOND, 1);
    StatisticsSnapshot old = server.statistics().orElseThrow();
    StatisticsSnapshot fresh =
        SimulatedServer.deterministic(timeline, MILLI).statistics().orElseThrow();
    List<StatisticsSnapshot> readings = new ArrayList<>(List.of(old, fresh));
    Target restarting =
        new Forwarding(server) {
          @Override
          public Optional<StatisticsSnapshot> statistics() {
            return Optional.of(readings.remove(0));
          }
        };

    assertThat(open(restarting, "p95<=100ms", 100, SECOND, 1).stages()).isEmpty();
  }

  /** Hands everything on. */
  private static class Forwarding implements Target {
    private final Target target;

    Forwarding(Target target) {
      this.target = target;
    }

    @Override
    public TargetDescription description() {
      return target.description();
    }

    @Override
    public void send(long sequence, ResponseListener listener) {
      target.send(sequence, listener);
    }

    @Override
    public Optional<StatisticsSnapshot> statistics() throws TargetException {
      return target.statistics();
    }

    @Override
    public void close() {
      target.close();
    }
  }

  /** Takes every request and never answers. */
  private static final class Silent extends Forwarding {
    Silent() {
      super(SimulatedServer.deterministic(new VirtualTimeline(), 1));
    }

    @Override
    public void send(long sequence, ResponseListener listener) {}

    @Override
    public Optional<StatisticsSnapshot> statistics() {
      return Optional.empty();
    }
  }

  /**
   * Answers after a millisecond, but in the first second of every ten only at that second's end.
   */
  private static final class Stalling extends Forwarding {
    private final VirtualTimeline timeline;
    private final long stallNanos;

    Stalling(VirtualTimeline timeline, long stallNanos) {
      super(SimulatedServer.deterministic(timeline, 1));
      this.timeline = timeline;
      this.stallNanos = stallNanos;
    }

    @Override
    public void send(long sequence, ResponseListener listener) {
      long now = timeline.nanoTime();
      long inPeriod = now % (10 * SECOND);
      long answer = inPeriod < stallNanos ? now - inPeriod + stallNanos : now;
      timeline.at(answer + MILLI, listener::onResponse);
    }
  }
}
