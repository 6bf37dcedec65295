package dev.nereid.bench.search;

import dev.nereid.bench.measure.ProbeResult;
import dev.nereid.bench.statistics.LimitEstimate;
import dev.nereid.bench.target.TargetDescription;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What a search found.
 *
 * @param target who was measured
 * @param settings what was asked
 * @param probes every probe, in order
 * @param outcome how it ended
 * @param estimate the limit with its interval; empty unless rates on both sides of it were seen
 * @param confirmedRate the rate at which the long run passed; empty if none did
 * @param atLimit the probe that shows the server at its limit: the confirming one, or the nearest
 *     to the estimate
 * @param limiter what limits it
 * @param warnings what a reader should know
 */
public record MaxResult(
    TargetDescription target,
    MaxSettings settings,
    List<PhasedProbe> probes,
    Outcome outcome,
    Optional<LimitEstimate> estimate,
    OptionalDouble confirmedRate,
    Optional<ProbeResult> atLimit,
    Limiter limiter,
    List<String> warnings) {

  /** A probe and why it was run. */
  public record PhasedProbe(Phase phase, ProbeResult result) {}

  /** How a search ended. */
  public enum Outcome {
    /** The limit was found and a long run confirmed it. */
    CONFIRMED,
    /** The limit was found; no long run passed within the budget. */
    UNCONFIRMED,
    /** The objective is missed at every rate, however low. */
    NOT_MET,
    /** The generator was exhausted before the server. */
    GENERATOR_LIMITED,
    /** The objective held at the highest rate that was allowed. */
    NOT_REACHED,
    /** The budget ended before rates on both sides were seen. */
    UNDECIDED,
    /** The user ended it. */
    INTERRUPTED
  }

  public MaxResult {
    probes = List.copyOf(probes);
    warnings = List.copyOf(warnings);
  }

  /** The probes at a rate, without calibration. */
  public List<ProbeResult> openProbes() {
    return probes.stream()
        .filter(p -> p.phase() != Phase.CALIBRATE)
        .map(PhasedProbe::result)
        .toList();
  }
}
