package dev.nereid.bench.search;

import dev.nereid.bench.measure.ProbeResult;
import dev.nereid.bench.measure.StageBreakdown;
import java.util.Collection;

/** How busy a model's instances were in a probe, by the server's counters. */
final class Occupancy {

  /** What counters and clocks of two machines are off by. */
  private static final double SLACK = 0.03;

  private Occupancy() {}

  /**
   * The time of all batches over the time between the two readings of the counters, an instance: at
   * most 1 where an instance runs one batch at a time, since every batch began and ended between
   * them.
   */
  static double of(StageBreakdown stages, int instances) {
    return stages.busyNanos() / 1e9 / stages.seconds() / instances;
  }

  /**
   * Whether the instances take a batch while another runs. Statistics do not say so, but a probe
   * shows it whose batches took longer than there was time for one after another.
   */
  static boolean overlaps(Collection<ProbeResult> probes, int instances) {
    return probes.stream()
        .flatMap(probe -> probe.stages().stream())
        .anyMatch(stages -> of(stages, instances) > 1 + SLACK);
  }
}
