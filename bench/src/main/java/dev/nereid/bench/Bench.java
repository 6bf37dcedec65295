package dev.nereid.bench;

import com.sun.management.OperatingSystemMXBean;
import dev.nereid.bench.measure.GeneratorHealth;
import dev.nereid.bench.measure.ProbeListener;
import dev.nereid.bench.measure.ProbePlan;
import dev.nereid.bench.measure.ProbePlan.Load;
import dev.nereid.bench.measure.ProbeResult;
import dev.nereid.bench.measure.Prober;
import dev.nereid.bench.measure.StopSignal;
import dev.nereid.bench.measure.Timeline;
import dev.nereid.bench.search.MaxResult;
import dev.nereid.bench.search.MaxSearch;
import dev.nereid.bench.search.MaxSettings;
import dev.nereid.bench.search.SearchListener;
import dev.nereid.bench.statistics.Slo;
import dev.nereid.bench.target.GpuMeter;
import dev.nereid.bench.target.Target;
import dev.nereid.bench.target.TargetException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * The bench for programs: measures a connected target in real time, on the calling thread.
 *
 * <p>The target stays the caller's to close. One call at a time for a machine: two loads disturb
 * each other.
 */
public final class Bench {
  private static final long EXTRA_DRAIN_NANOS = 1_000_000_000L;
  private static final long MOST_SETTLE_NANOS = 1_000_000_000L;
  private static final long LEAST_SETTLE_NANOS = 200_000_000L;
  private static final double WARMUP_PERCENTILE = 95;

  /** Each spins before it sends. */
  private static final int MOST_SENDERS = 4;

  private static final int CORES_A_SENDER = 4;

  private final Target target;
  private final Timeline timeline;
  private final GeneratorHealth.Limits limits;
  private final StopSignal stop;
  private final Prober prober;

  /**
   * @param limits on the generator; {@link GeneratorHealth.Limits#forLimit} for the usual ones
   * @param timeout of one request of the target
   * @param gpus of the server; {@link GpuMeter#NONE} to watch none
   * @param stop ends what runs, with what there is
   */
  public Bench(
      Target target,
      GeneratorHealth.Limits limits,
      Duration timeout,
      GpuMeter gpus,
      StopSignal stop) {
    this.target = target;
    this.timeline = Timeline.system();
    this.limits = limits;
    this.stop = stop;
    int processors = Runtime.getRuntime().availableProcessors();
    this.prober =
        new Prober(
            target,
            timeline,
            this.limits,
            processCpuNanos(),
            processors,
            timeout.toNanos() + EXTRA_DRAIN_NANOS,
            Math.max(1, Math.min(MOST_SENDERS, processors / CORES_A_SENDER)),
            gpus,
            stop);
  }

  /**
   * Finds the highest rate within an objective.
   *
   * @throws TargetException if the server is out of reach or fails every request
   */
  public MaxResult max(MaxSettings settings, SearchListener listener) throws TargetException {
    return new MaxSearch(target, prober, timeline, stop, settings, listener).run();
  }

  /**
   * One measurement after a warm-up.
   *
   * @param slo empty where nothing is asked for: the intervals then refer to the warm-up's own p95
   * @throws TargetException if the server is out of reach or fails every request
   */
  public ProbeResult run(
      Load load,
      Optional<Slo> slo,
      Duration warmup,
      Duration duration,
      long seed,
      ProbeListener listener)
      throws TargetException {
    Slo first = slo.orElseGet(() -> new Slo(WARMUP_PERCENTILE, MOST_SETTLE_NANOS, true));
    ProbeResult warm =
        checked(
            prober.probe(
                new ProbePlan(
                    new Load.Closed(1),
                    new ProbePlan.Objective(first, slo.isPresent()),
                    0,
                    Math.max(LEAST_SETTLE_NANOS, warmup.toNanos()),
                    1,
                    seed,
                    1,
                    false),
                ProbeListener.SILENT));
    Slo judged = slo.orElseGet(() -> warmUpSlo(warm));
    long settle =
        Math.min(MOST_SETTLE_NANOS, Math.max(LEAST_SETTLE_NANOS, 10 * judged.limitNanos()));
    ProbePlan plan =
        new ProbePlan(
            load,
            new ProbePlan.Objective(judged, slo.isPresent()),
            settle,
            duration.toNanos(),
            1,
            seed,
            1,
            false);
    return checked(prober.probe(plan, listener));
  }

  private static Slo warmUpSlo(ProbeResult warm) {
    double nanos = warm.response().percentileNanos(WARMUP_PERCENTILE);
    long limit = Double.isFinite(nanos) ? Math.max(1, (long) nanos) : MOST_SETTLE_NANOS;
    return new Slo(WARMUP_PERCENTILE, limit, true);
  }

  private static ProbeResult checked(ProbeResult result) throws TargetException {
    if (result.isAllErrors() && !result.interrupted()) {
      throw new TargetException(
          "every request failed, the first with " + result.firstError().orElse("nothing"));
    }
    return result;
  }

  private static LongSupplier processCpuNanos() {
    if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
      return system::getProcessCpuTime;
    }
    return () -> 0;
  }
}
