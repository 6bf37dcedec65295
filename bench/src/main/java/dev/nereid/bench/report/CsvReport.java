package dev.nereid.bench.report;

import dev.nereid.bench.measure.ProbePlan.Load;
import dev.nereid.bench.measure.ProbeResult;
import dev.nereid.bench.measure.StageBreakdown;
import dev.nereid.bench.search.MaxResult;
import dev.nereid.bench.statistics.Verdict;
import dev.nereid.bench.target.GpuUse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

/**
 * Probes as perf_analyzer's {@code -f} file: its column names, microseconds, rows by rising
 * throughput. Three things differ: failing rows are there, a {@code Status} column at the end says
 * which, and the latencies count from the scheduled instant. A report on several models has {@code
 * Model} after it. Where a percentile lies beyond every answer its cell is empty.
 */
public final class CsvReport {
  private static final double[] PERCENTILES = {50, 90, 95, 99};

  private CsvReport() {}

  /** Writes the table. */
  public static void write(BenchReport report, Appendable out) throws IOException {
    List<Row> rows = new ArrayList<>();
    for (MaxResult search : report.searches()) {
      search.openProbes().forEach(p -> rows.add(new Row(search.target().model(), p)));
    }
    report.runs().forEach(r -> rows.add(new Row(r.target().model(), r.result())));
    rows.sort(Comparator.comparingDouble(r -> r.result().completedPerSecond()));
    boolean closed = rows.stream().anyMatch(r -> r.result().plan().load() instanceof Load.Closed);
    OptionalDouble extra = extraPercentile(rows);
    boolean gpus = rows.stream().anyMatch(r -> !r.result().gpus().isEmpty());
    boolean models = rows.stream().map(Row::model).distinct().count() > 1;
    out.append(closed ? "Concurrency" : "Request Rate");
    out.append(",Inferences/Second,Client Send,Network+Server Send/Recv,Server Queue");
    out.append(",Server Compute Input,Server Compute Infer,Server Compute Output,Client Recv");
    for (double percentile : PERCENTILES) {
      out.append(String.format(Locale.ROOT, ",p%.0f latency", percentile));
    }
    if (extra.isPresent()) {
      out.append(",p").append(name(extra.getAsDouble())).append(" latency");
    }
    if (gpus) {
      out.append(",Avg GPU Utilization,Avg GPU Power Usage,Max GPU Memory Usage,Total GPU Memory");
    }
    out.append(",Status").append(models ? ",Model" : "").append('\n');
    for (Row row : rows) {
      write(row.result(), extra, out);
      if (gpus) {
        gpus(row.result().gpus(), out);
      }
      out.append(',').append(row.result().judged().map(Verdict::name).orElse(""));
      if (models) {
        out.append(',').append(quoted(row.model()));
      }
      out.append('\n');
    }
  }

  private record Row(String model, ProbeResult result) {}

  private static void write(ProbeResult result, OptionalDouble extra, Appendable out)
      throws IOException {
    if (result.plan().load() instanceof Load.Closed closed) {
      out.append(Integer.toString(closed.concurrency()));
    } else {
      out.append(Quantities.decimals(result.ratePerSecond(), 3));
    }
    out.append(',').append(Quantities.decimals(result.completedPerSecond(), 3));
    // What the client spends is inside "network"; perf_analyzer's own split does not exist here.
    out.append(",0,");
    if (result.stages().isPresent()) {
      StageBreakdown stages = result.stages().get();
      out.append(micros(stages.networkNanos())).append(',');
      out.append(micros(stages.queueNanos())).append(',');
      out.append(micros(stages.inputNanos())).append(',');
      out.append(micros(stages.inferNanos())).append(',');
      out.append(micros(stages.outputNanos()));
    } else {
      out.append(micros(result.service().meanNanos())).append(",0,0,0,0");
    }
    out.append(",0");
    for (double percentile : PERCENTILES) {
      out.append(',').append(micros(result.response().percentileNanos(percentile)));
    }
    if (extra.isPresent()) {
      out.append(',').append(micros(result.response().percentileNanos(extra.getAsDouble())));
    }
  }

  /** Each cell has every GPU, as {@code uuid:value;}. */
  private static void gpus(List<GpuUse> gpus, Appendable out) throws IOException {
    gpuCell(gpus, GpuUse::utilization, 4, out);
    gpuCell(gpus, GpuUse::powerWatts, 3, out);
    gpuCell(gpus, gpu -> gpu.memoryUsedBytes(), 0, out);
    gpuCell(gpus, gpu -> gpu.memoryTotalBytes(), 0, out);
  }

  private static void gpuCell(
      List<GpuUse> gpus, ToDoubleFunction<GpuUse> value, int places, Appendable out)
      throws IOException {
    out.append(',');
    for (GpuUse gpu : gpus) {
      double number = value.applyAsDouble(gpu);
      if (number >= 0) {
        out.append(gpu.uuid()).append(':').append(Quantities.decimals(number, places)).append(';');
      }
    }
  }

  private static OptionalDouble extraPercentile(List<Row> rows) {
    return rows.stream()
        .mapToDouble(r -> r.result().plan().objective().slo().percentile())
        .filter(p -> java.util.Arrays.stream(PERCENTILES).noneMatch(q -> q == p))
        .findFirst();
  }

  private static String name(double percentile) {
    return java.math.BigDecimal.valueOf(percentile).stripTrailingZeros().toPlainString();
  }

  private static String micros(double nanos) {
    return Double.isFinite(nanos) ? Long.toString(Math.round(nanos / 1e3)) : "";
  }

  private static String quoted(String text) {
    return '"' + text.replace("\"", "\"\"") + '"';
  }
}
