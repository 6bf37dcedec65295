package dev.nereid.bench.report;

import static dev.nereid.bench.report.Quantities.decimals;
import static dev.nereid.bench.report.Quantities.millis;
import static dev.nereid.bench.report.Quantities.percent;
import static dev.nereid.bench.report.Quantities.rate;

import dev.nereid.bench.measure.ProbeResult;
import dev.nereid.bench.measure.StageBreakdown;
import dev.nereid.bench.search.MaxResult;
import dev.nereid.bench.search.MaxResult.Outcome;
import dev.nereid.bench.search.Phase;
import dev.nereid.bench.statistics.Verdict;
import dev.nereid.bench.target.TargetDescription;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Results as plain text, for a terminal or a log. */
public final class TextReport {
  private TextReport() {}

  /** One line a model: limit, percentiles, mean batch, and what limits it. */
  public static String table(List<MaxResult> results) {
    if (results.isEmpty()) {
      return "";
    }
    String slo = results.get(0).settings().slo().toString();
    String percentile = results.get(0).settings().slo().percentileName();
    boolean gpus = GpuText.isWatched(results);
    List<List<String>> rows = new ArrayList<>();
    List<String> header =
        new ArrayList<>(List.of("model", "limit at " + slo, "p50", percentile, "mean batch"));
    if (gpus) {
      header.add("GPU busy");
    }
    header.add("why here");
    rows.add(header);
    for (MaxResult result : results) {
      Optional<ProbeResult> probe = result.atLimit();
      List<String> row =
          new ArrayList<>(
              List.of(
                  result.target().model(),
                  limit(result),
                  probe.map(p -> millis(p.response().percentileNanos(50))).orElse("–"),
                  probe.map(p -> millis(p.percentileNanos())).orElse("–"),
                  probe
                      .flatMap(ProbeResult::stages)
                      .filter(s -> s.meanBatchRows() > 0)
                      .map(s -> decimals(s.meanBatchRows(), 1))
                      .orElse("–")));
      if (gpus) {
        row.add(probe.map(GpuText::busy).orElse("–"));
      }
      row.add(result.limiter().sentence());
      rows.add(row);
    }
    return gpus ? TextTable.of(rows, 2, 3, 4, 5) : TextTable.of(rows, 2, 3, 4);
  }

  /** The limit as one cell of the table. */
  static String limit(MaxResult result) {
    Outcome outcome = result.outcome();
    if (result.estimate().isPresent()) {
      String mark = outcome == Outcome.CONFIRMED ? "" : " unconfirmed";
      return Quantities.limit(result.estimate().get()) + mark;
    }
    double passed =
        result.openProbes().stream()
            .filter(p -> p.verdict() == Verdict.PASS)
            .mapToDouble(ProbeResult::ratePerSecond)
            .max()
            .orElse(0);
    return switch (outcome) {
      case NOT_MET -> "not met at any rate";
      case GENERATOR_LIMITED ->
          passed > 0 ? "≥ " + rate(passed) + " RPS (generator)" : "invalid (generator)";
      default -> passed > 0 ? "≥ " + rate(passed) + " RPS" : "undecided";
    };
  }

  /** A whole search: who, every probe, the limit, the stages there, and the reason. */
  public static String search(MaxResult result) {
    StringBuilder text = new StringBuilder();
    text.append(header(result.target()));
    text.append("objective  ").append(result.settings().slo());
    text.append(", ").append(result.settings().arrivals().text());
    text.append(" arrivals, seed ").append(result.settings().seed()).append("\n\n");
    text.append(probes(result)).append('\n');
    text.append("limit      ").append(limit(result));
    if (result.estimate().isPresent()) {
      text.append(", 95 % interval in brackets");
    }
    text.append('\n');
    result
        .confirmedRate()
        .ifPresent(
            r ->
                text.append("confirmed  ")
                    .append(rate(r))
                    .append(" RPS held for ")
                    .append(decimals(result.atLimit().orElseThrow().windowSeconds(), 0))
                    .append(" s\n"));
    text.append("because    ").append(result.limiter().sentence()).append('\n');
    result.atLimit().ifPresent(probe -> text.append(atLimit(probe)));
    result.warnings().forEach(w -> text.append("warning    ").append(w).append('\n'));
    return text.toString();
  }

  /** A single run. */
  public static String run(TargetDescription target, ProbeResult result) {
    String verdict =
        result
            .judged()
            .map(v -> "verdict    " + v + ": " + result.reason() + '\n')
            .orElse(result.growth().overloaded() ? "warning    " + result.reason() + '\n' : "");
    String objective =
        result.hasObjective() ? "objective  " + result.plan().objective().slo() + '\n' : "";
    return header(target) + objective + '\n' + atLimit(result) + verdict;
  }

  private static String header(TargetDescription target) {
    return "model      "
        + target.model()
        + (target.modelVersion().isEmpty() ? "" : " version " + target.modelVersion())
        + " on "
        + target.endpoint()
        + (target.server().toString().isEmpty() ? "" : " (" + target.server() + ")")
        + "\nrequest    "
        + target.rowsPerRequest()
        + (target.rowsPerRequest() == 1 ? " row, " : " rows, ")
        + target.requestBytes()
        + " bytes, "
        + target.input()
        + '\n';
  }

  private static String probes(MaxResult result) {
    String percentile = result.settings().slo().percentileName();
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of(
            "phase",
            "rate",
            "for",
            "late",
            "interval",
            "VIF",
            "p50",
            percentile,
            "lag p99",
            "verdict"));
    for (MaxResult.PhasedProbe probe : result.probes()) {
      if (probe.phase() != Phase.CALIBRATE) {
        rows.add(row(probe));
      }
    }
    return TextTable.of(rows, 1, 2, 3, 4, 5, 6, 7, 8);
  }

  private static List<String> row(MaxResult.PhasedProbe probe) {
    ProbeResult result = probe.result();
    return List.of(
        probe.phase().text(),
        Quantities.load(result),
        decimals(result.windowSeconds(), 1) + " s",
        percent(result.exceedance().fraction()),
        percent(result.exceedance().low()) + "–" + percent(result.exceedance().high()),
        decimals(result.exceedance().vif(), 1),
        millis(result.response().percentileNanos(50)),
        millis(result.percentileNanos()),
        millis(result.lag().percentileNanos(99)),
        result.verdict().name());
  }

  private static String atLimit(ProbeResult probe) {
    StringBuilder text = new StringBuilder();
    text.append("load       ").append(Quantities.load(probe)).append(" for ");
    text.append(decimals(probe.windowSeconds(), 1)).append(" s: offered ");
    text.append(rate(probe.offeredPerSecond())).append("/s, sent ");
    text.append(rate(probe.sentPerSecond())).append("/s, completed ");
    text.append(rate(probe.completedPerSecond())).append("/s");
    text.append(probe.hasObjective() ? ", good " + rate(probe.goodPerSecond()) + "/s\n" : "\n");
    text.append("response   ").append(percentiles(probe.response())).append('\n');
    text.append("           ").append(probe.plan().objective().slo().percentileName());
    text.append(" 95 % interval ").append(millis(probe.percentileLowNanos())).append(" to ");
    text.append(millis(probe.percentileHighNanos())).append(", ");
    text.append(decimals(probe.exceedance().effectiveCount(), 0)).append(" effective of ");
    text.append(probe.offered()).append(" requests (VIF ");
    text.append(decimals(probe.exceedance().vif(), 1)).append(")\n");
    text.append("service    ").append(percentiles(probe.service())).append('\n');
    text.append("lag        ").append(percentiles(probe.lag())).append('\n');
    if (!probe.errors().isEmpty()) {
      text.append("errors     ").append(probe.errors());
      probe.firstError().ifPresent(e -> text.append(", the first: ").append(e));
      text.append('\n');
    }
    probe.gpus().forEach(gpu -> text.append("gpu        ").append(GpuText.line(gpu)).append('\n'));
    probe.stages().ifPresent(stages -> text.append(stages(stages)));
    return text.toString();
  }

  private static String percentiles(dev.nereid.bench.measure.Latencies latencies) {
    return "mean "
        + millis(latencies.meanNanos())
        + ", p50 "
        + millis(latencies.percentileNanos(50))
        + ", p90 "
        + millis(latencies.percentileNanos(90))
        + ", p95 "
        + millis(latencies.percentileNanos(95))
        + ", p99 "
        + millis(latencies.percentileNanos(99));
  }

  private static String stages(StageBreakdown stages) {
    StringBuilder text = new StringBuilder();
    text.append("stages     queue ").append(millis(stages.queueNanos()));
    text.append(" + input ").append(millis(stages.inputNanos()));
    text.append(" + infer ").append(millis(stages.inferNanos()));
    text.append(" + output ").append(millis(stages.outputNanos()));
    text.append(" + network and other ").append(millis(stages.networkNanos())).append('\n');
    if (!stages.batches().isEmpty()) {
      List<List<String>> rows = new ArrayList<>();
      rows.add(List.of("batch rows", "executions", "time each"));
      for (StageBreakdown.Batch batch : stages.batches()) {
        rows.add(
            List.of(
                Long.toString(batch.rows()),
                Long.toString(batch.executions()),
                millis(batch.serviceNanos())));
      }
      text.append('\n').append(TextTable.of(rows, 0, 1, 2)).append('\n');
    }
    return text.toString();
  }
}
