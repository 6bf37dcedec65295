package dev.nereid.bench.search;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.bench.arrivals.ArrivalProcess;
import dev.nereid.bench.measure.GeneratorHealth;
import dev.nereid.bench.measure.ProbeListener;
import dev.nereid.bench.measure.ProbePlan;
import dev.nereid.bench.measure.ProbePlan.Load;
import dev.nereid.bench.measure.ProbeResult;
import dev.nereid.bench.measure.Prober;
import dev.nereid.bench.measure.StopSignal;
import dev.nereid.bench.simulation.SimulatedServer;
import dev.nereid.bench.simulation.VirtualTimeline;
import dev.nereid.bench.statistics.Slo;
import dev.nereid.bench.target.GpuMeter;
import dev.nereid.bench.target.GpuUse;
import dev.nereid.bench.target.TargetException;
import java.util.List;
import org.junit.jupiter.api.Test;

class LimiterTest {
  private static final long MILLI = 1_000_000L;

  private final VirtualTimeline timeline = new VirtualTimeline();
  private GpuMeter gpus = GpuMeter.NONE;

  private Limiter limiter(SimulatedServer server, double rate) throws TargetException {
    ProbeResult result = probe(server, rate);
    return Limiter.of(result, server.description(), overlaps(server, result));
  }

  private static boolean overlaps(SimulatedServer server, ProbeResult... probes) {
    int instances = server.description().config().orElseThrow().instances();
    return Occupancy.overlaps(List.of(probes), instances);
  }

  private ProbeResult probe(SimulatedServer server, double rate) throws TargetException {
    Slo slo = Slo.parse("p95<=100ms");
    Prober prober =
        new Prober(
            server,
            timeline,
            GeneratorHealth.Limits.forLimit(slo.limitNanos()),
            () -> 0,
            1,
            10_000_000_000L,
            1,
            gpus,
            new StopSignal());
    return prober.probe(
        new ProbePlan(
            new Load.Open(ArrivalProcess.POISSON, rate),
            new ProbePlan.Objective(slo, true),
            1_000_000_000L,
            20_000_000_000L,
            1,
            1,
            1,
            false),
        ProbeListener.SILENT);
  }

  @Test
  void instancesThatAreAlwaysBusyAreACapacity() throws TargetException {
    Limiter limiter = limiter(SimulatedServer.deterministic(timeline, 5 * MILLI), 180);

    assertThat(limiter.kind()).isEqualTo(Limiter.Kind.CAPACITY);
    assertThat(limiter.sentence())
        .matches("capacity: the instance is busy \\d+ % of the time, a request takes 5.0 ms");
  }

  @Test
  void howBusyInstancesAreThatOverlapBatchesIsTheGpus() throws TargetException {
    SimulatedServer server = SimulatedServer.deterministic(timeline, 10 * MILLI);
    server.overlap();

    Limiter unwatched = limiter(server, 150);
    assertThat(unwatched.kind()).isEqualTo(Limiter.Kind.COMPUTE);
    assertThat(unwatched.sentence())
        .isEqualTo("compute: a request takes 10 ms, the instance takes a batch while another runs");
    gpus = use(0.62);
    assertThat(limiter(server, 150).sentence())
        .isEqualTo(
            "compute: a request takes 10 ms, the instance takes a batch while another runs, the GPU is busy 62 % of the time");
    gpus = use(0.91);
    assertThat(limiter(server, 150).kind()).isEqualTo(Limiter.Kind.CAPACITY);
  }

  private static GpuMeter use(double utilization) {
    return (from, to) ->
        List.of(
            new GpuUse("GPU-0", 0, 70, 0, 0, 1), new GpuUse("GPU-1", utilization, 300, 0, 0, 9));
  }

  @Test
  void refusedRequestsShowNoOverlapOfAFullInstance() throws TargetException {
    SimulatedServer server = SimulatedServer.deterministic(timeline, 10 * MILLI);
    server.refuse(0.3);

    assertThat(overlaps(server, probe(server, 140))).isFalse();
  }

  @Test
  void aRateThatOneBatchAfterAnotherWouldNotHoldShowsThatInstancesOverlapThem()
      throws TargetException {
    SimulatedServer overlapping = SimulatedServer.deterministic(timeline, 10 * MILLI);
    overlapping.overlap();
    ProbeResult low = probe(overlapping, 90);
    ProbeResult high = probe(overlapping, 150);

    assertThat(overlaps(overlapping, low)).isFalse();
    assertThat(overlaps(overlapping, low, high)).isTrue();
    assertThat(Limiter.of(low, overlapping.description(), false).kind())
        .isEqualTo(Limiter.Kind.CAPACITY);
    assertThat(Limiter.of(low, overlapping.description(), true).kind())
        .isEqualTo(Limiter.Kind.COMPUTE);
  }

  @Test
  void anInstanceThatIsOfferedMoreThanItCanDoShowsNoOverlap() throws TargetException {
    SimulatedServer server = SimulatedServer.deterministic(timeline, 10 * MILLI);

    assertThat(overlaps(server, probe(server, 99), probe(server, 130))).isFalse();
  }

  @Test
  void aBatchThatTakesMostOfTheBoundIsTheComputation() throws TargetException {
    Limiter limiter =
        limiter(SimulatedServer.batching(timeline, 2, 8, 0, 40 * MILLI, 5 * MILLI), 80);

    assertThat(limiter.kind()).isEqualTo(Limiter.Kind.BATCH_SERVICE_TIME);
    assertThat(limiter.sentence())
        .startsWith("compute: a batch of ")
        .contains(" of the 100 ms allowed, and the 2 instances are busy ");
  }

  @Test
  void aLongConfiguredDelayOnAnIdleServerIsTheQueueDelay() throws TargetException {
    Limiter limiter =
        limiter(SimulatedServer.batching(timeline, 1, 64, 80 * MILLI, MILLI, MILLI / 10), 50);

    assertThat(limiter.kind()).isEqualTo(Limiter.Kind.QUEUE_DELAY);
    assertThat(limiter.sentence()).contains("(max_queue_delay 80 ms)");
  }

  @Test
  void aQueueLongerThanTheWorkIsQueueing() throws TargetException {
    Limiter limiter = limiter(SimulatedServer.exponential(timeline, 20 * MILLI, 5), 34);

    assertThat(limiter.kind()).isEqualTo(Limiter.Kind.QUEUEING);
  }

  @Test
  void aLoneRequestThatJustTakesLongIsTheComputation() throws TargetException {
    Limiter limiter = limiter(SimulatedServer.deterministic(timeline, 20 * MILLI), 2);

    assertThat(limiter.kind()).isEqualTo(Limiter.Kind.COMPUTE);
  }

  @Test
  void timeOutsideTheServerIsTheNetwork() throws TargetException {
    SimulatedServer server = SimulatedServer.deterministic(timeline, 2 * MILLI);
    server.network(60 * MILLI);
    Limiter limiter = limiter(server, 50);

    assertThat(limiter.kind()).isEqualTo(Limiter.Kind.NETWORK);
    assertThat(limiter.sentence()).contains("60 ms of 62 ms a request pass outside the server");
  }

  @Test
  void requestsThatFailAreErrorsWithTheirCode() throws TargetException {
    SimulatedServer server = SimulatedServer.deterministic(timeline, MILLI);
    server.refuse(0.5);
    Limiter limiter = limiter(server, 50);

    assertThat(limiter.kind()).isEqualTo(Limiter.Kind.ERRORS);
    assertThat(limiter.sentence()).contains("with UNAVAILABLE");
  }
}
