package dev.nereid.bench.search;

import dev.nereid.bench.measure.ProbePlan;
import dev.nereid.bench.measure.ProbePlan.Load;
import dev.nereid.bench.measure.ProbeResult;
import dev.nereid.bench.measure.Prober;
import dev.nereid.bench.measure.StopSignal;
import dev.nereid.bench.measure.Timeline;
import dev.nereid.bench.search.MaxResult.PhasedProbe;
import dev.nereid.bench.statistics.Slo;
import dev.nereid.bench.target.TargetException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Runs a search's probes, keeps them, and keeps the time. One thread. */
final class ProbeRunner {
  /** Three over the allowed share: enough for a clean probe to pass at 95 %. */
  private static final double LATE_EXPECTED = 3;

  private static final long MIN_LOOK_NANOS = 1_000_000_000L;
  private static final long MIN_SETTLE_NANOS = 200_000_000L;
  private static final int SETTLES_IN_BUDGET = 40;
  private static final int MIN_LOOKS_IN_BUDGET = 8;
  private static final int MAX_LOOKS_IN_BUDGET = 12;

  private final Prober prober;
  private final MaxSettings settings;
  private final Timeline timeline;
  private final StopSignal stop;
  private final SearchListener listener;
  private final SplittableRandom seeds;
  private final long startNanos;
  private final List<PhasedProbe> probes = new ArrayList<>();

  ProbeRunner(
      Prober prober,
      MaxSettings settings,
      Timeline timeline,
      StopSignal stop,
      SearchListener listener) {
    this.prober = prober;
    this.settings = settings;
    this.timeline = timeline;
    this.stop = stop;
    this.listener = listener;
    this.seeds = new SplittableRandom(settings.seed());
    this.startNanos = timeline.nanoTime();
  }

  List<PhasedProbe> probes() {
    return probes;
  }

  boolean isInterrupted() {
    return stop.isRequested();
  }

  long leftNanos() {
    return settings.budget().toNanos() - (timeline.nanoTime() - startNanos);
  }

  /** Whether the user ended the search, or that much of the budget is used. */
  boolean mustEnd(long spentNanos) {
    return stop.isRequested() || timeline.nanoTime() - startNanos >= spentNanos;
  }

  /** Whether also lone requests, one after the other, were too slow: then no rate is low enough. */
  boolean missesAlone() {
    return probes.stream()
        .map(PhasedProbe::result)
        .filter(r -> r.plan().load().equals(new Load.Closed(1)))
        .reduce((earlier, later) -> later)
        .map(ProbeResult::exceedance)
        .filter(late -> late.count() > 0)
        .map(late -> late.late() == late.count() || late.low() > settings.slo().allowedFraction())
        .orElse(false);
  }

  /** A calibrating window. */
  ProbeResult closed(int concurrency, long windowNanos) throws TargetException {
    ProbePlan plan = Calibration.plan(concurrency, windowNanos, objective(), seeds.nextLong());
    return run(Phase.CALIBRATE, plan);
  }

  /** A probe that extends itself until it is decided, up to that many looks and to that time. */
  ProbeResult open(Phase phase, double rate, int maxLooks, long mostNanos, double minVif)
      throws TargetException {
    long look = lookNanos(rate);
    long settle = settleNanos();
    int looks = (int) Math.max(1, Math.min(maxLooks, (mostNanos - settle) / look));
    return run(phase, plan(rate, look, looks, settle, minVif));
  }

  /** One long look at a rate. */
  ProbeResult confirm(double rate, long lengthNanos) throws TargetException {
    return run(Phase.CONFIRM, plan(rate, lengthNanos, 1, settleNanos(), 1));
  }

  /**
   * Ten times the bound, so that a queue that starts empty has its usual length when measuring
   * begins, but no more than a fortieth of the budget.
   */
  long settleNanos() {
    long most = Math.max(MIN_SETTLE_NANOS, settings.budget().toNanos() / SETTLES_IN_BUDGET);
    return Math.min(most, Math.max(MIN_SETTLE_NANOS, 10 * settings.slo().limitNanos()));
  }

  /**
   * Enough requests for a clean pass, a second at least, a twentieth of the budget at least where
   * there is plenty, a tenth at most where it is short.
   */
  long lookNanos(double rate) {
    Slo slo = settings.slo();
    double requests = LATE_EXPECTED / slo.allowedFraction();
    long budget = settings.budget().toNanos();
    double nanos = Math.max(requests / rate * 1e9, (double) budget / MAX_LOOKS_IN_BUDGET);
    nanos = Math.max(nanos, 2.0 * slo.limitNanos());
    long most = Math.max(MIN_LOOK_NANOS, budget / MIN_LOOKS_IN_BUDGET);
    return Math.min(most, Math.max(MIN_LOOK_NANOS, (long) nanos));
  }

  private ProbePlan plan(double rate, long lookNanos, int looks, long settleNanos, double minVif) {
    return new ProbePlan(
        new Load.Open(settings.arrivals(), rate),
        objective(),
        settleNanos,
        lookNanos,
        looks,
        seeds.nextLong(),
        minVif,
        true);
  }

  private ProbePlan.Objective objective() {
    return new ProbePlan.Objective(settings.slo(), true);
  }

  private ProbeResult run(Phase phase, ProbePlan plan) throws TargetException {
    listener.onProbeStart(phase, plan.load().ratePerSecond().orElse(0));
    ProbeResult result = prober.probe(plan, listener::onProbeProgress);
    probes.add(new PhasedProbe(phase, result));
    listener.onProbe(phase, result);
    if (result.isAllErrors() && !result.interrupted()) {
      if (plan.load() instanceof Load.Closed) {
        throw new TargetException(
            "every request failed, the first with " + result.firstError().orElse("nothing"));
      }
      // Too much at once, or nothing works any more? A lone request tells.
      closed(1, MIN_LOOK_NANOS);
    }
    return result;
  }
}
