package dev.nereid.bench.search;

import dev.nereid.bench.measure.ProbeResult;
import dev.nereid.bench.measure.StageBreakdown;
import dev.nereid.bench.statistics.Slo;
import dev.nereid.bench.target.GpuUse;
import dev.nereid.bench.target.TargetDescription;
import dev.nereid.bench.target.TargetDescription.ModelSettings;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What limits a server, in one sentence, by fixed rules over the probe at its limit.
 *
 * <p>The first rule that holds wins:
 *
 * <ol>
 *   <li>ERRORS: at least half of the late requests failed.
 *   <li>UNKNOWN: the server keeps no statistics.
 *   <li>NETWORK: more than {@value #NETWORK_SHARE} of the client's service time passed outside the
 *       server.
 *   <li>BATCH_SERVICE_TIME: one batch takes at least {@value #SERVICE_SHARE} of the bound, so that
 *       a request that just missed one waits for most of two.
 *   <li>CAPACITY: the instances are busy at least {@value #BUSY_SHARE} of the time; beyond lies a
 *       cliff.
 *   <li>QUEUE_DELAY: the configured queue delay is at least {@value #DELAY_SHARE} of the bound and
 *       the queue holds requests for at least half of it.
 *   <li>QUEUEING: the largest stage is the queue.
 *   <li>COMPUTE otherwise.
 * </ol>
 *
 * <p>Busy is the time that all batches took over the time of the probe, times the instances. Of
 * instances that take a batch while another runs that says nothing, as a batch's time has waiting
 * for the other in it: busy is then what the busiest of the server's GPUs was, where they are
 * watched, and unknown where they are not.
 *
 * @param kind which rule
 * @param sentence the rule in words with this server's numbers
 */
public record Limiter(Kind kind, String sentence) {
  static final double NETWORK_SHARE = 0.5;
  static final double SERVICE_SHARE = 0.4;
  static final double BUSY_SHARE = 0.8;
  static final double DELAY_SHARE = 0.25;

  /** The rules. */
  public enum Kind {
    CAPACITY,
    BATCH_SERVICE_TIME,
    QUEUE_DELAY,
    QUEUEING,
    COMPUTE,
    NETWORK,
    GENERATOR,
    ERRORS,
    UNKNOWN
  }

  /** The generator ended first. */
  static Limiter generator(double ratePerSecond, String complaint) {
    return new Limiter(
        Kind.GENERATOR,
        text(
            "generator: it could not offer %s requests a second; %s",
            rate(ratePerSecond), complaint));
  }

  /** Nothing can be said, because of that. */
  static Limiter unknown(String why) {
    return new Limiter(Kind.UNKNOWN, "unknown: " + why);
  }

  /**
   * The sentence for a probe at or just beyond the limit.
   *
   * @param overlapping whether the instances take a batch while another runs
   */
  static Limiter of(ProbeResult probe, TargetDescription target, boolean overlapping) {
    Optional<Limiter> errors = errors(probe);
    if (errors.isPresent()) {
      return errors.get();
    }
    if (probe.stages().isEmpty() || probe.stages().get().requests() == 0) {
      return unknown("the server keeps no statistics of this model");
    }
    return ofStages(probe, probe.stages().get(), target.config(), overlapping);
  }

  private static Optional<Limiter> errors(ProbeResult probe) {
    long late = probe.exceedance().late();
    if (probe.errorCount() == 0 || probe.errorCount() * 2 < late) {
      return Optional.empty();
    }
    Map.Entry<String, Long> first =
        probe.errors().entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow();
    return Optional.of(
        new Limiter(
            Kind.ERRORS,
            text(
                "errors: %d of %d requests failed, %d of them with %s",
                probe.errorCount(), probe.sent(), first.getValue(), first.getKey())));
  }

  private static Limiter ofStages(
      ProbeResult probe,
      StageBreakdown stages,
      Optional<ModelSettings> config,
      boolean overlapping) {
    Slo slo = probe.plan().objective().slo();
    double client = stages.serverNanos() + stages.networkNanos();
    if (stages.networkNanos() > NETWORK_SHARE * client) {
      return new Limiter(
          Kind.NETWORK,
          text(
              "network: %s of %s a request pass outside the server",
              millis(stages.networkNanos()), millis(client)));
    }
    int instances = config.map(ModelSettings::instances).orElse(1);
    double busy = overlapping ? busiestGpu(probe) : Math.min(1, Occupancy.of(stages, instances));
    double service = stages.meanServiceNanos();
    String batch = batchText(stages);
    String busyText = busyText(instances, busy, overlapping);
    if (service >= SERVICE_SHARE * slo.limitNanos()) {
      return new Limiter(
          Kind.BATCH_SERVICE_TIME,
          text(
              "compute: %s takes %s of the %s allowed, and %s",
              batch, millis(service), millis(slo.limitMillis() * 1e6), busyText));
    }
    if (busy >= BUSY_SHARE) {
      return new Limiter(
          Kind.CAPACITY, text("capacity: %s, %s takes %s", busyText, batch, millis(service)));
    }
    double delay = config.map(c -> (double) c.maxQueueDelayNanos()).orElse(0.0);
    if (delay >= DELAY_SHARE * slo.limitNanos() && stages.queueNanos() >= delay / 2) {
      return new Limiter(
          Kind.QUEUE_DELAY,
          text(
              "queue delay: requests wait %s for a batch to fill (max_queue_delay %s), %s",
              millis(stages.queueNanos()), millis(delay), busyText));
    }
    double compute = stages.inputNanos() + stages.inferNanos() + stages.outputNanos();
    if (stages.queueNanos() > compute) {
      return new Limiter(
          Kind.QUEUEING,
          text(
              "queueing: requests wait %s before a batch, %s takes %s, %s",
              millis(stages.queueNanos()), batch, millis(service), busyText));
    }
    return new Limiter(
        Kind.COMPUTE, text("compute: %s takes %s, %s", batch, millis(service), busyText));
  }

  /** NaN where none is watched; never at least a share. */
  private static double busiestGpu(ProbeResult probe) {
    return probe.gpus().stream()
        .mapToDouble(GpuUse::utilization)
        .filter(use -> !Double.isNaN(use))
        .max()
        .orElse(Double.NaN);
  }

  private static String busyText(int instances, double busy, boolean overlapping) {
    boolean one = instances == 1;
    String who = one ? "the instance" : "the " + instances + " instances";
    if (!overlapping) {
      return text("%s %s busy %.0f %% of the time", who, one ? "is" : "are", 100 * busy);
    }
    String overlap = text("%s %s a batch while another runs", who, one ? "takes" : "take");
    return Double.isNaN(busy)
        ? overlap
        : overlap + text(", the GPU is busy %.0f %% of the time", 100 * busy);
  }

  private static String batchText(StageBreakdown stages) {
    boolean single =
        stages.batches().stream()
            .max(Comparator.comparingLong(StageBreakdown.Batch::rows))
            .map(b -> b.rows() == 1)
            .orElse(true);
    return single ? "a request" : text("a batch of %s", rate(stages.meanBatchRows()));
  }

  private static String millis(double nanos) {
    return nanos < 995_000
        ? text("%.0f µs", nanos / 1e3)
        : text(nanos < 9_950_000 ? "%.1f ms" : "%.0f ms", nanos / 1e6);
  }

  private static String rate(double value) {
    return value < 9.95 ? text("%.1f", value) : text("%.0f", value);
  }

  @com.google.errorprone.annotations.FormatMethod
  private static String text(
      @com.google.errorprone.annotations.FormatString String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
