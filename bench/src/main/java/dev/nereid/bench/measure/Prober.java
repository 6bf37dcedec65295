package dev.nereid.bench.measure;

import dev.nereid.bench.arrivals.ArrivalSchedule;
import dev.nereid.bench.measure.ProbePlan.Load;
import dev.nereid.bench.statistics.Exceedance;
import dev.nereid.bench.statistics.QueueGrowth;
import dev.nereid.bench.statistics.Slo;
import dev.nereid.bench.statistics.Verdict;
import dev.nereid.bench.target.GpuMeter;
import dev.nereid.bench.target.GpuUse;
import dev.nereid.bench.target.StatisticsSnapshot;
import dev.nereid.bench.target.Target;
import dev.nereid.bench.target.TargetException;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Runs probes against one target, one after the other, on the calling thread.
 *
 * <p>Each starts on a drained server: the one before is over only when all its requests ended or
 * the drain's time is up. The server's counters are read before the first request and after the
 * last answer, so that their difference is this probe's and nobody else's.
 */
public final class Prober {
  private static final double LATE_ONE_SIDED = 0.05;
  private static final long TARGET_SLICES = 60;
  private static final long MAX_SLICE_NANOS = 50_000_000;
  private static final long MIN_SLICE_NANOS = 1_000_000;
  private static final double MIN_GROWTH_NANOS = 2e9;
  private static final double GROWTH_LIMITS = 20;
  private static final long DRAIN_STEP_NANOS = 1_000_000;

  private final Target target;
  private final Timeline timeline;
  private final GeneratorHealth.Limits limits;
  private final LongSupplier processCpuNanos;
  private final int processors;
  private final long drainNanos;
  private final int senders;
  private final GpuMeter gpus;
  private final StopSignal stop;

  /**
   * @param processCpuNanos CPU time of this process so far
   * @param processors of this machine
   * @param drainNanos how long to wait for the last answers; the requests' own deadline and a
   *     little more
   * @param senders threads that send on a schedule, the calling one among them
   * @param gpus of the server, on the timeline's clock
   * @param stop ends the probe under way, which then reports what it has
   */
  public Prober(
      Target target,
      Timeline timeline,
      GeneratorHealth.Limits limits,
      LongSupplier processCpuNanos,
      int processors,
      long drainNanos,
      int senders,
      GpuMeter gpus,
      StopSignal stop) {
    this.target = target;
    this.timeline = timeline;
    this.limits = limits;
    this.processCpuNanos = processCpuNanos;
    this.processors = processors;
    this.drainNanos = drainNanos;
    this.senders = senders;
    this.gpus = gpus;
    this.stop = stop;
  }

  /**
   * Runs a probe to its end.
   *
   * @throws TargetException if the server's counters cannot be read
   */
  public ProbeResult probe(ProbePlan plan, ProbeListener listener) throws TargetException {
    long firstReading = timeline.nanoTime();
    Optional<StatisticsSnapshot> before = target.statistics();
    long cpuBefore = processCpuNanos.getAsLong();
    long started = timeline.nanoTime();
    long slice = sliceNanos(plan.lookNanos());
    int slicesPerLook = (int) Math.max(1, plan.lookNanos() / slice);
    Recording recording =
        new Recording(
            timeline,
            plan.objective().slo(),
            started + plan.settleNanos(),
            slice,
            slicesPerLook,
            plan.maxLooks());
    Watch watch = new Watch(plan, recording, slice, slicesPerLook, listener);
    if (plan.load() instanceof Load.Open open) {
      Supplier<ArrivalSchedule> schedules =
          () -> new ArrivalSchedule(open.process(), open.rate(), plan.seed());
      new OpenLoop(target, timeline, schedules, senders, recording, stop).run(started, watch);
    } else if (plan.load() instanceof Load.Closed closed) {
      new ClosedLoop(target, timeline, closed.concurrency(), recording, stop).run(started, watch);
    }
    long wall = Math.max(1, timeline.nanoTime() - started);
    double cpu = (double) (processCpuNanos.getAsLong() - cpuBefore) / wall / processors;
    drain(recording);
    Optional<StatisticsSnapshot> after = target.statistics();
    Optional<StatisticsSnapshot> delta = before.flatMap(b -> after.flatMap(a -> a.since(b)));
    double between = Math.max(1, timeline.nanoTime() - firstReading) / 1e9;
    Optional<StageBreakdown> stages =
        delta.map(d -> StageBreakdown.of(d, between, recording.meanServiceNanos()));
    long from = started + plan.settleNanos();
    List<GpuUse> used = gpus.between(from, from + watch.measuredNanos());
    return result(plan, recording, watch, cpu, stages, used);
  }

  private void drain(Recording recording) {
    long giveUp = timeline.nanoTime() + drainNanos;
    while (recording.outstanding() > 0 && timeline.nanoTime() < giveUp) {
      timeline.awaitUntil(timeline.nanoTime() + DRAIN_STEP_NANOS);
    }
  }

  private ProbeResult result(
      ProbePlan plan,
      Recording recording,
      Watch watch,
      double cpuShare,
      Optional<StageBreakdown> stages,
      List<GpuUse> used) {
    Slo slo = plan.objective().slo();
    int slices = watch.measuredSlices();
    double seconds = watch.measuredNanos() / 1e9;
    int looks = watch.measuredLooks();
    Recording.Totals totals = recording.totals(looks);
    Exceedance late =
        Exceedance.ofSlices(
            recording.dueBySlice(slices),
            recording.lateBySlice(slices),
            plan.minVif(),
            watch.confidence());
    QueueGrowth growth = watch.growth(slices, seconds);
    GeneratorHealth generator =
        new GeneratorHealth(
            (long) zeroIfNaN(totals.lag().percentileNanos(99)),
            totals.lag().countAbove(limits.maxLagNanos()),
            totals.sent(),
            totals.due() - totals.sent(),
            cpuShare,
            limits);
    Judgement judgement =
        Judgement.of(slo, late, growth).given(generator, plan.objective(), totals.service());
    double[] share =
        Exceedance.interval(late.count(), slo.allowedFraction(), late.vif(), late.blocks(), 0.95);
    return new ProbeResult(
        plan,
        seconds,
        looks,
        totals.due(),
        totals.sent(),
        recording.answeredWithin(slices),
        late.count() - late.late(),
        totals.failures(),
        Optional.ofNullable(recording.firstFailure()),
        totals.response(),
        totals.service(),
        totals.lag(),
        late,
        totals.response().percentileNanos(100 * (1 - share[1])),
        totals.response().percentileNanos(100 * (1 - share[0])),
        growth,
        generator,
        stages,
        used,
        judgement.verdict(),
        judgement.reason(),
        watch.wasInterrupted());
  }

  /**
   * Slices fine enough for {@link Exceedance#MAX_BLOCKS} blocks in the shortest look, and few
   * enough to cost nothing.
   */
  static long sliceNanos(long lookNanos) {
    long slice = Math.min(MAX_SLICE_NANOS, Math.max(MIN_SLICE_NANOS, lookNanos / TARGET_SLICES));
    long perLook = Math.max(1, lookNanos / slice);
    return lookNanos / perLook;
  }

  private static double zeroIfNaN(double value) {
    return Double.isNaN(value) ? 0 : value;
  }

  /** Follows a running probe from slice to slice and says when it may end. */
  static final class Watch {
    private final ProbePlan plan;
    private final Recording recording;
    private final long sliceNanos;
    private final int slicesPerLook;
    private final ProbeListener listener;
    private int finishedLooks;
    private int ticks;
    private long lastProgress;
    private long stoppedAtNanos = -1;
    private boolean interrupted;

    Watch(
        ProbePlan plan, Recording recording, long sliceNanos, int slicesPerLook, ProbeListener l) {
      this.plan = plan;
      this.recording = recording;
      this.sliceNanos = sliceNanos;
      this.slicesPerLook = slicesPerLook;
      this.listener = l;
    }

    /** Offset from the probe's start of the next tick. */
    long nextTickNanos() {
      return plan.settleNanos() + ticks * sliceNanos;
    }

    /** Called at each tick; true if the load may end now. */
    boolean tick() {
      long window = ticks * sliceNanos;
      ticks++;
      recording.sampleInFlight();
      if (window - lastProgress >= 1_000_000_000L) {
        lastProgress = window;
        listener.onProgress(window / 1e9, recording.outstanding(), recording.notGood());
      }
      if (plan.stopWhenHopeless() && isHopeless()) {
        stoppedAtNanos = Math.min(window, fullNanos());
        return stoppedAtNanos > 0;
      }
      long lookEnd = (finishedLooks + 1L) * slicesPerLook * sliceNanos;
      if (window < lookEnd) {
        return false;
      }
      long limit = plan.objective().slo().limitNanos();
      if (window < lookEnd + limit && !recording.isResolvedThrough(finishedLooks)) {
        return false;
      }
      finishedLooks++;
      return finishedLooks == plan.maxLooks() || isDecided();
    }

    /** The load was ended by the user, at that offset from the probe's start. */
    void interruptedAt(long offsetNanos) {
      interrupted = true;
      stoppedAtNanos = Math.max(0, Math.min(offsetNanos - plan.settleNanos(), fullNanos()));
    }

    boolean wasInterrupted() {
      return interrupted;
    }

    /** Offset from the probe's start up to which requests count. */
    long endOfWindowNanos() {
      return plan.settleNanos() + measuredNanos();
    }

    long measuredNanos() {
      return stoppedAtNanos >= 0
          ? Math.max(1, stoppedAtNanos)
          : Math.max(1, (long) finishedLooks * slicesPerLook * sliceNanos);
    }

    int measuredSlices() {
      return (int) Math.max(1, (measuredNanos() + sliceNanos - 1) / sliceNanos);
    }

    int measuredLooks() {
      return Math.min(plan.maxLooks(), (measuredSlices() + slicesPerLook - 1) / slicesPerLook);
    }

    /** The error of 5 % on either side is shared out over the looks (Bonferroni). */
    double confidence() {
      return 1 - 2 * LATE_ONE_SIDED / plan.maxLooks();
    }

    QueueGrowth growth(int slices, double seconds) {
      // In a closed loop nothing can grow: its users wait. And a queue that starts empty fills up
      // to its usual length first.
      long limit = plan.objective().slo().limitNanos();
      double usual = Math.max(MIN_GROWTH_NANOS, GROWTH_LIMITS * limit);
      double enough = Math.min((double) fullNanos(), usual);
      if (plan.load() instanceof Load.Closed || seconds * 1e9 < 0.99 * enough) {
        return QueueGrowth.NONE;
      }
      long arrivals = Math.round(plan.load().ratePerSecond().orElse(0) * seconds);
      return QueueGrowth.of(recording.inFlightBySlice(slices), arrivals, seconds);
    }

    private long fullNanos() {
      return (long) plan.maxLooks() * slicesPerLook * sliceNanos;
    }

    private boolean isDecided() {
      int slices = finishedLooks * slicesPerLook;
      Exceedance late =
          Exceedance.ofSlices(
              recording.dueBySlice(slices),
              recording.lateBySlice(slices),
              plan.minVif(),
              confidence());
      QueueGrowth growth = growth(slices, slices * sliceNanos / 1e9);
      Verdict verdict = Judgement.of(plan.objective().slo(), late, growth).verdict();
      return verdict != Verdict.UNDECIDED;
    }

    /** More are late already than a probe of full length could afford by far. */
    private boolean isHopeless() {
      double rate = plan.load().ratePerSecond().orElse(Double.POSITIVE_INFINITY);
      Slo slo = plan.objective().slo();
      double affordable = slo.allowedFraction() * rate * plan.maxWindowNanos() / 1e9;
      // Those younger than the bound are not late yet; at most this many are.
      double young = rate * slo.limitNanos() / 1e9 * 2;
      return recording.notGood() - young > 2 * affordable + 20;
    }
  }
}
