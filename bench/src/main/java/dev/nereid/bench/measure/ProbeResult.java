package dev.nereid.bench.measure;

import dev.nereid.bench.statistics.Exceedance;
import dev.nereid.bench.statistics.QueueGrowth;
import dev.nereid.bench.statistics.Verdict;
import dev.nereid.bench.target.GpuUse;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One probe, measured.
 *
 * @param plan what was asked for
 * @param windowSeconds the measured window
 * @param looks how many looks it took
 * @param offered requests due in the window
 * @param sent those that left
 * @param completed successful answers that arrived during the window
 * @param good requests due in the window and answered in time
 * @param errors failed requests due in the window, by gRPC code
 * @param firstError what the first failed request said
 * @param response from the instant the schedule said to the answer, over everything offered
 * @param service from the actual send to the answer
 * @param lag from the scheduled to the actual send
 * @param exceedance the late share and its interval
 * @param percentileLowNanos lower end of the interval of the objective's percentile
 * @param percentileHighNanos upper end; infinite where it lies beyond every answer
 * @param growth of the requests in flight
 * @param generator whether the schedule was kept
 * @param stages the server's account; empty where it keeps none
 * @param gpus the server's in the measured window; empty where they are not watched
 * @param verdict what to conclude
 * @param reason why, with numbers
 * @param interrupted whether the probe was ended early by the user
 */
public record ProbeResult(
    ProbePlan plan,
    double windowSeconds,
    int looks,
    long offered,
    long sent,
    long completed,
    long good,
    Map<String, Long> errors,
    Optional<String> firstError,
    Latencies response,
    Latencies service,
    Latencies lag,
    Exceedance exceedance,
    double percentileLowNanos,
    double percentileHighNanos,
    QueueGrowth growth,
    GeneratorHealth generator,
    Optional<StageBreakdown> stages,
    List<GpuUse> gpus,
    Verdict verdict,
    String reason,
    boolean interrupted) {

  public ProbeResult {
    errors = Map.copyOf(errors);
    gpus = List.copyOf(gpus);
  }

  /** Requests offered a second: the plan's rate where the load is open, else what was sent. */
  public double ratePerSecond() {
    return plan.load().ratePerSecond().orElse(completedPerSecond());
  }

  public double offeredPerSecond() {
    return offered / windowSeconds;
  }

  public double sentPerSecond() {
    return sent / windowSeconds;
  }

  public double completedPerSecond() {
    return completed / windowSeconds;
  }

  public double goodPerSecond() {
    return good / windowSeconds;
  }

  /** The objective's percentile of the response time. */
  public double percentileNanos() {
    return response.percentileNanos(plan.objective().slo().percentile());
  }

  public long errorCount() {
    return errors.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Whether somebody asked for an objective, so that late and good mean something. */
  public boolean hasObjective() {
    return plan.objective().binding();
  }

  /** The verdict where there is something to judge: an objective, or the generator's lateness. */
  public Optional<Verdict> judged() {
    return hasObjective() || verdict == Verdict.INVALID ? Optional.of(verdict) : Optional.empty();
  }

  /** Whether requests were sent and none of them was answered. */
  public boolean isAllErrors() {
    return sent > 0 && errorCount() >= sent;
  }
}
