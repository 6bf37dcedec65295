package dev.nereid.bench.search;

import dev.nereid.bench.measure.ProbeResult;
import dev.nereid.bench.measure.StageBreakdown;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/**
 * How busy a model's instances were in one probe, by the server's counters: shares of the time in
 * which the requests were offered, per instance.
 *
 * @param batches all stages of all batches together: the utilisation of an instance that runs one
 *     batch at a time, and no more than a sum of one that takes a batch while another runs
 * @param input gathering inputs
 * @param infer computing
 * @param output scattering outputs
 */
record Occupancy(double batches, double input, double infer, double output) {

  /** What means of counters are off by. */
  private static final double SLACK = 0.03;

  static Occupancy of(ProbeResult probe, StageBreakdown stages, int instances) {
    double elapsedNanos = stages.requests() / Math.max(1e-9, probe.ratePerSecond()) * 1e9;
    double batches = stages.busyNanos() / elapsedNanos / instances;
    double sum = Math.max(1, stages.inputNanos() + stages.inferNanos() + stages.outputNanos());
    return new Occupancy(
        batches,
        batches * stages.inputNanos() / sum,
        batches * stages.inferNanos() / sum,
        batches * stages.outputNanos() / sum);
  }

  /**
   * Whether the instances take a batch while another runs. Statistics do not say so, but a rate
   * that was held in time proves it where one batch after another would not have been done: beyond
   * a full instance by more than the backlog that the bound leaves room for, and the noise of
   * arrivals.
   */
  static boolean overlaps(Collection<ProbeResult> probes, int instances) {
    return probes.stream().anyMatch(probe -> proves(probe, instances));
  }

  private static boolean proves(ProbeResult probe, int instances) {
    Optional<StageBreakdown> stages = probe.stages();
    if (stages.isEmpty() || stages.get().requests() == 0) {
      return false;
    }
    var slo = probe.plan().objective().slo();
    double requests = stages.get().requests();
    double seconds = requests / Math.max(1e-9, probe.ratePerSecond());
    double most = 1 + SLACK + slo.limitNanos() / 1e9 / seconds + 2 / Math.sqrt(requests);
    return probe.exceedance().fraction() <= slo.allowedFraction()
        && of(probe, stages.get(), instances).batches() > most;
  }

  double longestStage() {
    return Math.max(input, Math.max(infer, output));
  }

  /** In words, for instances that overlap batches. */
  String stagesText() {
    return String.format(
        Locale.ROOT,
        "input %.0f %%, infer %.0f %%, output %.0f %% of the time",
        100 * input,
        100 * infer,
        100 * output);
  }
}
