package dev.nereid.bench.report;

import dev.nereid.bench.measure.ProbeResult;
import dev.nereid.bench.search.MaxResult;
import dev.nereid.bench.target.TargetDescription;
import java.util.List;

/**
 * Everything that one session measured: searches, single runs, or both.
 *
 * @param environment where
 * @param searches one for each model searched, in the order to show them
 * @param runs single measurements
 */
public record BenchReport(Environment environment, List<MaxResult> searches, List<Run> runs) {

  /** A single measurement of a target. */
  public record Run(TargetDescription target, ProbeResult result) {}

  public BenchReport {
    searches = List.copyOf(searches);
    runs = List.copyOf(runs);
  }

  /** A report on searches alone. */
  public static BenchReport ofSearches(Environment environment, List<MaxResult> searches) {
    return new BenchReport(environment, searches, List.of());
  }

  /** A report on one run. */
  public static BenchReport ofRun(
      Environment environment, TargetDescription target, ProbeResult result) {
    return new BenchReport(environment, List.of(), List.of(new Run(target, result)));
  }
}
