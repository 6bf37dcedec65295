package dev.nereid.bench.search;

import dev.nereid.bench.measure.ProbeResult;
import dev.nereid.bench.measure.Prober;
import dev.nereid.bench.measure.StopSignal;
import dev.nereid.bench.measure.Timeline;
import dev.nereid.bench.search.MaxResult.Outcome;
import dev.nereid.bench.statistics.Exceedance;
import dev.nereid.bench.statistics.LimitEstimate;
import dev.nereid.bench.statistics.Verdict;
import dev.nereid.bench.target.Target;
import dev.nereid.bench.target.TargetDescription;
import dev.nereid.bench.target.TargetDescription.ModelSettings;
import dev.nereid.bench.target.TargetException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Finds the highest rate within an objective.
 *
 * <ol>
 *   <li><b>Calibrate</b>: warm-up and a closed loop give a rate to start from ({@link
 *       Calibration}).
 *   <li><b>Bracket</b>: up while the late share is within what is allowed, down while it is beyond,
 *       in steps that grow (1.25, 1.25², 1.25⁴ …), until one rate of either kind was seen.
 *   <li><b>Bisect</b>: while the verdicts around the limit are decisive, the rate between them;
 *       once one is UNDECIDED, the limit is within its noise, and the next probe goes to the
 *       limit's present estimate, where it tells most. Until the interval is as narrow as wanted or
 *       the time for it is up.
 *   <li><b>Verify</b>: an INVALID probe is repeated once; a rate that failed below one that passed
 *       is probed again, and the reader is warned if it fails again.
 *   <li><b>Confirm</b>: one long run at a rate where a pass is likely given everything seen, just
 *       below the estimate. If it fails, its data moves the estimate and the next run goes lower,
 *       while time is left.
 * </ol>
 *
 * The limit and its interval come from all probes together, the confirming ones included whatever
 * they said ({@link LimitEstimate}), so that no lucky probe is selected.
 */
public final class MaxSearch {
  private static final double FIRST_STEP = 1.25;
  private static final int MOST_STEPS = 8;
  private static final int BRACKET_LOOKS = 2;
  private static final int BISECT_LOOKS = 2;
  private static final double SEARCH_SHARE = 0.55;
  private static final double DECISIVE_RATIO = 1.1;
  private static final double CAUTION = 0.97;
  private static final long SHORTEST_CONFIRM_NANOS = 5_000_000_000L;

  private final Target target;
  private final MaxSettings settings;
  private final ProbeRunner runner;
  private final SearchListener listener;
  private final Findings findings;
  private final List<String> warnings = new ArrayList<>();
  private double ceiling;
  private boolean bracketedDown;
  private Optional<ProbeResult> invalid = Optional.empty();

  /**
   * @param prober of that target, on that timeline, with that stop signal
   */
  public MaxSearch(
      Target target,
      Prober prober,
      Timeline timeline,
      StopSignal stop,
      MaxSettings settings,
      SearchListener listener) {
    this.target = target;
    this.settings = settings;
    this.listener = listener;
    this.runner = new ProbeRunner(prober, settings, timeline, stop, listener);
    this.findings = new Findings(settings.slo());
    this.ceiling = settings.maxRate();
  }

  /**
   * Searches, on the calling thread, for about the budget.
   *
   * @throws TargetException if the server cannot be reached or fails every request
   */
  public MaxResult run() throws TargetException {
    double start =
        settings.startRate().isPresent()
            ? warmedUp(settings.startRate().getAsDouble())
            : new Calibration(runner, settings).startRate();
    bracket(Math.min(start, ceiling));
    bisect();
    verifyContradiction();
    OptionalDouble confirmed = confirm();
    return result(confirmed);
  }

  private double warmedUp(double rate) throws TargetException {
    runner.closed(1, Math.max(1_000_000_000L, settings.warmup().toNanos()));
    return rate;
  }

  private void bracket(double start) throws TargetException {
    double rate = start;
    double exponent = 1;
    int direction = 0;
    for (int step = 0; step < MOST_STEPS && !mustEndSearching(); step++) {
      probe(Phase.BRACKET, rate, BRACKET_LOOKS);
      boolean within = findings.highestWithin().isPresent();
      boolean beyond = findings.lowestBeyond().isPresent();
      if (within && beyond) {
        return;
      }
      int next = beyond || (!within && invalid.isPresent()) ? -1 : 1;
      exponent = next == direction ? exponent * 2 : 1;
      direction = next;
      double wanted = rate * Math.pow(FIRST_STEP, next * Math.min(4, exponent));
      if (wanted >= ceiling) {
        if (rate >= ceiling * 0.999 || ceiling < settings.maxRate()) {
          return;
        }
        wanted = ceiling;
      }
      rate = wanted;
    }
    bracketedDown = direction < 0 && !mustEndSearching();
  }

  private void bisect() throws TargetException {
    while (!mustEndSearching()) {
      Optional<LimitEstimate> estimate = findings.estimate();
      if (estimate.isEmpty() || estimate.get().relativeHalfWidth() <= settings.precision()) {
        return;
      }
      probe(Phase.BISECT, nextRate(estimate.get()), BISECT_LOOKS);
    }
  }

  private double nextRate(LimitEstimate estimate) {
    double low = findings.highestPass().orElse(0);
    double high = findings.lowestFail().orElse(Double.POSITIVE_INFINITY);
    boolean decisive =
        findings.valid().stream()
            .filter(r -> r.verdict() == Verdict.UNDECIDED)
            .noneMatch(r -> r.ratePerSecond() > low && r.ratePerSecond() < high);
    if (decisive && low > 0 && Double.isFinite(high) && high / low > DECISIVE_RATIO) {
      return Math.sqrt(low * high);
    }
    return Math.min(estimate.ratePerSecond(), ceiling);
  }

  private void verifyContradiction() throws TargetException {
    OptionalDouble contradiction = findings.contradiction();
    if (contradiction.isEmpty() || mustEndSearching()) {
      return;
    }
    double rate = contradiction.getAsDouble();
    ProbeResult again = probe(Phase.VERIFY, rate, BISECT_LOOKS);
    if (again.verdict() == Verdict.FAIL) {
      warn(
          String.format(
              Locale.ROOT,
              "not monotone: %.4g requests a second fail although a higher rate passes; twice",
              rate));
    }
  }

  private OptionalDouble confirm() throws TargetException {
    while (!runner.isInterrupted()) {
      long length =
          Math.min(settings.confirm().toNanos(), runner.leftNanos() - runner.settleNanos());
      Optional<LimitEstimate> estimate = findings.estimate();
      if (length < shortestConfirm() || estimate.isEmpty()) {
        return OptionalDouble.empty();
      }
      double rate = likelyToPass(estimate.get(), length);
      ProbeResult result = runner.confirm(rate, length);
      findings.add(result);
      if (isConfirmed(result)) {
        return OptionalDouble.of(rate);
      }
    }
    return OptionalDouble.empty();
  }

  /**
   * The long run passed, or was within what is allowed at a rate at which all probes together, this
   * one included, say with 97.5 % that the objective holds. At ten requests a second no run of half
   * a minute passes on its own.
   */
  private boolean isConfirmed(ProbeResult result) {
    if (result.verdict() != Verdict.UNDECIDED) {
      return result.verdict() == Verdict.PASS;
    }
    return result.exceedance().fraction() <= settings.slo().allowedFraction()
        && findings.estimate().map(e -> result.ratePerSecond() <= e.low()).orElse(false);
  }

  private long shortestConfirm() {
    return Math.min(SHORTEST_CONFIRM_NANOS, settings.confirm().toNanos());
  }

  /**
   * The highest rate, in steps of half a percent down from the estimate, at which a run of that
   * length would pass if its late share were what the fit expects with the limit halfway to its
   * interval's lower end; or just below that lower end, where all probes together vouch for it.
   */
  private double likelyToPass(LimitEstimate estimate, long lengthNanos) {
    double allowed = settings.slo().allowedFraction();
    double cautious = Math.sqrt(estimate.low() * estimate.ratePerSecond());
    double vif = findings.pooledVif();
    double rate = Math.min(estimate.ratePerSecond(), ceiling);
    double lowest = CAUTION * estimate.low();
    while (rate > lowest) {
      double logit =
          Math.log(allowed / (1 - allowed)) + estimate.steepness() * Math.log(rate / cautious);
      double share = 1 / (1 + Math.exp(-logit));
      long count = (long) (rate * lengthNanos / 1e9);
      double[] interval = Exceedance.interval(count, share, vif, Exceedance.MAX_BLOCKS, 0.9);
      if (interval[1] <= allowed) {
        return rate;
      }
      rate *= 0.995;
    }
    return lowest;
  }

  private ProbeResult probe(Phase phase, double rate, int looks) throws TargetException {
    ProbeResult result = runner.open(phase, rate, looks, searchLeft(), findings.vifNear(rate));
    if (result.verdict() == Verdict.INVALID && !mustEndSearching()) {
      listener.onNote("invalid, once more: " + result.reason());
      result = runner.open(Phase.VERIFY, rate, looks, searchLeft(), findings.vifNear(rate));
    }
    if (result.verdict() == Verdict.INVALID) {
      invalid = Optional.of(result);
      ceiling = Math.min(ceiling, rate);
    }
    findings.add(result);
    return result;
  }

  private long searchNanos() {
    return (long) (settings.budget().toNanos() * SEARCH_SHARE);
  }

  private long searchLeft() {
    return Math.max(0, runner.leftNanos() - (settings.budget().toNanos() - searchNanos()));
  }

  private boolean mustEndSearching() {
    return runner.mustEnd(searchNanos());
  }

  private MaxResult result(OptionalDouble confirmed) {
    Optional<LimitEstimate> estimate = findings.estimate();
    Outcome outcome = outcome(estimate, confirmed);
    if (outcome == Outcome.UNCONFIRMED) {
      warnOfLateGenerator();
    }
    Optional<ProbeResult> atLimit =
        confirmed.isPresent()
            ? findings.valid().stream().reduce((a, b) -> b)
            : findings.nearest(
                estimate
                    .map(LimitEstimate::ratePerSecond)
                    .orElseGet(() -> findings.highestWithin().orElse(0)));
    return new MaxResult(
        target.description(),
        settings,
        runner.probes(),
        outcome,
        estimate,
        confirmed,
        atLimit,
        limiter(outcome, atLimit),
        warnings);
  }

  private void warnOfLateGenerator() {
    MaxResult.PhasedProbe last = runner.probes().get(runner.probes().size() - 1);
    ProbeResult result = last.result();
    if (last.phase() == Phase.CONFIRM && result.verdict() == Verdict.INVALID) {
      warn(
          String.format(
              Locale.ROOT,
              "not confirmed: at %.4g requests a second %s",
              result.ratePerSecond(),
              result.reason()));
    }
  }

  private Outcome outcome(Optional<LimitEstimate> estimate, OptionalDouble confirmed) {
    if (runner.isInterrupted()) {
      return Outcome.INTERRUPTED;
    }
    if (confirmed.isPresent()) {
      return Outcome.CONFIRMED;
    }
    if (estimate.isPresent()) {
      return Outcome.UNCONFIRMED;
    }
    if (invalid.isPresent()) {
      return Outcome.GENERATOR_LIMITED;
    }
    boolean failsOnly = findings.lowestFail().isPresent() && findings.highestWithin().isEmpty();
    if (failsOnly && (bracketedDown || runner.missesAlone())) {
      return Outcome.NOT_MET;
    }
    boolean atTop = findings.highestPass().orElse(0) >= settings.maxRate() * 0.999;
    return atTop ? Outcome.NOT_REACHED : Outcome.UNDECIDED;
  }

  private Limiter limiter(Outcome outcome, Optional<ProbeResult> atLimit) {
    if (outcome == Outcome.GENERATOR_LIMITED) {
      ProbeResult worst = invalid.orElseThrow();
      return Limiter.generator(worst.ratePerSecond(), worst.reason());
    }
    TargetDescription described = target.description();
    List<ProbeResult> probes = runner.probes().stream().map(MaxResult.PhasedProbe::result).toList();
    boolean overlapping =
        described
            .config()
            .map(ModelSettings::instances)
            .map(instances -> Occupancy.overlaps(probes, instances))
            .orElse(false);
    return atLimit
        .map(probe -> Limiter.of(probe, described, overlapping))
        .orElseGet(() -> Limiter.unknown("no valid probe"));
  }

  private void warn(String text) {
    warnings.add(text);
    listener.onNote(text);
  }
}
