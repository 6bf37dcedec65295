package dev.nereid.bench.report;

import static dev.nereid.bench.report.Quantities.decimals;
import static dev.nereid.bench.report.Quantities.millis;
import static dev.nereid.bench.report.Quantities.percent;
import static dev.nereid.bench.report.Quantities.rate;

import dev.nereid.bench.measure.ProbePlan.Load;
import dev.nereid.bench.measure.ProbeResult;
import dev.nereid.bench.measure.StageBreakdown;
import dev.nereid.bench.search.MaxResult;
import dev.nereid.bench.search.Phase;
import dev.nereid.bench.statistics.Slo;
import dev.nereid.bench.statistics.Verdict;
import dev.nereid.bench.target.GpuUse;
import dev.nereid.bench.target.TargetDescription;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Properties;

/**
 * One HTML page with everything in it: the table of limits, and for each model latency against rate
 * as a picture (uPlot, inlined), its probes, its stages and its batches as tables.
 *
 * <p>The page loads nothing (its own content policy forbids it), opens from a file, follows the
 * reader's light or dark preference, says in tables what its pictures show, and works without
 * scripts but for the pictures. Every text that came from outside is escaped.
 */
public final class HtmlReport {
  private static final String WEBJAR = "META-INF/resources/webjars/uplot/";

  private final Appendable out;

  private HtmlReport(Appendable out) {
    this.out = out;
  }

  /** Writes the page. */
  public static void write(BenchReport report, Appendable out) throws IOException {
    new HtmlReport(out).page(report);
  }

  private void page(BenchReport report) throws IOException {
    String version = uplotVersion();
    out.append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ");
    out.append("style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n");
    out.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.append("<title>nereid bench</title>\n<style>\n");
    out.append(resource(WEBJAR + version + "/dist/uPlot.min.css")).append('\n');
    out.append(resource("dev/nereid/bench/report/report.css"));
    out.append("</style>\n</head>\n<body>\n<main>\n<h1>");
    out.append(
        report.searches().isEmpty() ? "One load, measured" : "Highest rate within the objective");
    out.append("</h1>\n");
    environment(report.environment());
    if (!report.searches().isEmpty()) {
      limits(report.searches());
    }
    int index = 0;
    for (MaxResult search : report.searches()) {
      search(search, index++);
    }
    for (BenchReport.Run run : report.runs()) {
      run(run);
    }
    method();
    out.append("</main>\n<script>\n");
    out.append(resource(WEBJAR + version + "/dist/uPlot.iife.min.js")).append('\n');
    out.append(resource("dev/nereid/bench/report/report.js"));
    out.append("</script>\n</body>\n</html>\n");
  }

  private void environment(Environment e) throws IOException {
    out.append("<p class=\"where\">nereid bench ");
    text(e.toolVersion());
    out.append(", ");
    text(e.startedAt().truncatedTo(ChronoUnit.SECONDS).toString());
    out.append(", generator on ");
    text(e.os() + ", " + e.processors() + " processors, " + e.java());
    out.append("</p>\n");
  }

  private void limits(List<MaxResult> results) throws IOException {
    Slo slo = results.get(0).settings().slo();
    out.append("<table>\n<caption>Limits with their 95 % intervals</caption>\n");
    boolean gpus = GpuText.isWatched(results);
    List<String> names =
        new ArrayList<>(
            List.of(
                "Model",
                "Limit at " + slo,
                "Confirmed",
                "p50",
                slo.percentileName(),
                "Mean batch"));
    if (gpus) {
      names.add("GPU busy");
    }
    names.add("Why here");
    header(names.toArray(String[]::new));
    for (MaxResult result : results) {
      out.append("<tr>");
      rowHeader(result.target().model());
      cell(TextReport.limit(result));
      cell(
          result.confirmedRate().isPresent()
              ? rate(result.confirmedRate().getAsDouble()) + " RPS"
              : "–");
      cell(result.atLimit().map(p -> millis(p.response().percentileNanos(50))).orElse("–"));
      cell(result.atLimit().map(p -> millis(p.percentileNanos())).orElse("–"));
      cell(
          result
              .atLimit()
              .flatMap(ProbeResult::stages)
              .map(s -> decimals(s.meanBatchRows(), 1))
              .orElse("–"));
      if (gpus) {
        cell(result.atLimit().map(GpuText::busy).orElse("–"));
      }
      words(result.limiter().sentence());
      out.append("</tr>\n");
    }
    out.append("</table>\n");
  }

  private void search(MaxResult result, int index) throws IOException {
    heading(result.target());
    chart(result, index);
    for (String warning : result.warnings()) {
      out.append("<p class=\"warning\">Warning: ");
      text(warning);
      out.append("</p>\n");
    }
    List<ProbeResult> probes = new ArrayList<>();
    List<String> phases = new ArrayList<>();
    for (MaxResult.PhasedProbe probe : result.probes()) {
      if (probe.phase() != Phase.CALIBRATE) {
        probes.add(probe.result());
        phases.add(probe.phase().text());
      }
    }
    probes("Probes in order, " + result.settings().slo(), probes, phases);
    if (result.atLimit().isPresent() && result.atLimit().get().stages().isPresent()) {
      stages(result.atLimit().get());
    }
    if (result.atLimit().isPresent()) {
      gpus(result.atLimit().get());
    }
  }

  private void run(BenchReport.Run run) throws IOException {
    heading(run.target());
    probes("Measured", List.of(run.result()), List.of("run"));
    if (run.result().stages().isPresent()) {
      stages(run.result());
    }
    gpus(run.result());
  }

  private void heading(TargetDescription target) throws IOException {
    out.append("<h2>");
    text(target.model());
    out.append("</h2>\n<p class=\"where\">");
    text(target.endpoint() + (target.server().name().isEmpty() ? "" : ", " + target.server()));
    text(
        ", version " + target.modelVersion() + ", " + target.requestBytes() + " bytes a request, ");
    text(target.input());
    out.append("</p>\n");
  }

  private void chart(MaxResult result, int index) throws IOException {
    List<ProbeResult> probes = new ArrayList<>(result.openProbes());
    probes.sort(Comparator.comparingDouble(ProbeResult::ratePerSecond));
    Slo slo = result.settings().slo();
    out.append("<figure><div class=\"chart\" role=\"img\" aria-label=\"");
    text(
        "Latency against rate of " + result.target().model() + "; the table below has the numbers");
    out.append("\" data-chart=\"chart").append(Integer.toString(index)).append("\"></div>");
    out.append(
        "<figcaption>Response time against offered rate (logarithmic milliseconds). The line is ");
    text(slo.toString());
    out.append(
        "; the band is the limit's 95 % interval. Percentiles that lie beyond every answer are left out.</figcaption></figure>\n");
    out.append("<script type=\"application/json\" id=\"chart").append(Integer.toString(index));
    out.append("\">{\"percentile\":").append(quoted(slo.percentileName()));
    out.append(",\"limit\":").append(number(slo.limitMillis()));
    out.append(",\"low\":").append(number(result.estimate().map(e -> e.low()).orElse(Double.NaN)));
    out.append(",\"high\":")
        .append(number(result.estimate().map(e -> e.high()).orElse(Double.NaN)));
    series("rate", probes, ProbeResult::ratePerSecond);
    series("p50", probes, p -> p.response().percentileNanos(50) / 1e6);
    series("slo", probes, p -> p.percentileNanos() / 1e6);
    series("p99", probes, p -> p.response().percentileNanos(99) / 1e6);
    out.append("}</script>\n");
  }

  private void series(
      String name, List<ProbeResult> probes, java.util.function.ToDoubleFunction<ProbeResult> value)
      throws IOException {
    out.append(",\"").append(name).append("\":[");
    for (int i = 0; i < probes.size(); i++) {
      out.append(i == 0 ? "" : ",").append(number(value.applyAsDouble(probes.get(i))));
    }
    out.append(']');
  }

  private void probes(String caption, List<ProbeResult> probes, List<String> phases)
      throws IOException {
    out.append("<table>\n<caption>");
    text(caption);
    out.append("</caption>\n");
    header(
        "Phase",
        "Load",
        "For",
        "Offered",
        "Completed",
        "Good",
        "p50",
        "p95",
        "p99",
        "Late",
        "Interval",
        "VIF",
        "Lag p99",
        "Verdict",
        "Reason");
    for (int i = 0; i < probes.size(); i++) {
      ProbeResult p = probes.get(i);
      out.append("<tr>");
      rowHeader(phases.get(i));
      cell(
          p.plan().load() instanceof Load.Closed closed
              ? "concurrency " + closed.concurrency()
              : rate(p.ratePerSecond()) + "/s");
      cell(decimals(p.windowSeconds(), 1) + " s");
      cell(rate(p.offeredPerSecond()) + "/s");
      cell(rate(p.completedPerSecond()) + "/s");
      cell(p.hasObjective() ? rate(p.goodPerSecond()) + "/s" : "–");
      cell(millis(p.response().percentileNanos(50)));
      cell(millis(p.response().percentileNanos(95)));
      cell(millis(p.response().percentileNanos(99)));
      cell(p.hasObjective() ? percent(p.exceedance().fraction()) : "–");
      cell(
          p.hasObjective()
              ? percent(p.exceedance().low()) + "–" + percent(p.exceedance().high())
              : "–");
      cell(decimals(p.exceedance().vif(), 1));
      cell(millis(p.lag().percentileNanos(99)));
      String verdict = p.judged().map(Verdict::name).orElse("–");
      out.append("<td class=\"").append(verdict.toLowerCase(Locale.ROOT)).append("\">");
      text(verdict);
      out.append("</td>");
      words(p.judged().map(v -> p.reason()).orElse(""));
      out.append("</tr>\n");
    }
    out.append("</table>\n");
  }

  private void gpus(ProbeResult probe) throws IOException {
    if (probe.gpus().isEmpty()) {
      return;
    }
    out.append("<table>\n<caption>GPUs of the server at ");
    text(Quantities.load(probe));
    out.append("</caption>\n");
    header("GPU", "Busy", "Power", "Memory", "Readings");
    for (GpuUse gpu : probe.gpus()) {
      out.append("<tr>");
      rowHeader(gpu.uuid());
      cell(GpuText.busy(gpu));
      cell(GpuText.power(gpu));
      cell(GpuText.memory(gpu));
      cell(Integer.toString(gpu.readings()));
      out.append("</tr>\n");
    }
    out.append("</table>\n");
  }

  private void stages(ProbeResult probe) throws IOException {
    StageBreakdown s = probe.stages().orElseThrow();
    out.append("<table>\n<caption>Where the time goes, means at ");
    text(Quantities.load(probe));
    out.append("</caption>\n");
    header("Queue", "Input", "Infer", "Output", "Network and other");
    out.append("<tr>");
    cell(millis(s.queueNanos()));
    cell(millis(s.inputNanos()));
    cell(millis(s.inferNanos()));
    cell(millis(s.outputNanos()));
    cell(millis(s.networkNanos()));
    out.append("</tr>\n</table>\n");
    if (s.batches().isEmpty()) {
      return;
    }
    out.append("<table>\n<caption>Batches by size</caption>\n");
    header("Rows", "Executions", "Time each");
    for (StageBreakdown.Batch batch : s.batches()) {
      out.append("<tr>");
      rowHeader(Long.toString(batch.rows()));
      cell(Long.toString(batch.executions()));
      cell(millis(batch.serviceNanos()));
      out.append("</tr>\n");
    }
    out.append("</table>\n");
  }

  private void method() throws IOException {
    out.append(
        "<p class=\"where\">Response times start at the instant the schedule wanted to send. ");
    out.append("Late requests, failed ones and those never answered count against the objective. ");
    out.append(
        "Intervals come from blocks of the window, corrected for neighbours that are alike ");
    out.append("(VIF: how much larger the variance is than that of independent requests).</p>\n");
  }

  private void header(String... names) throws IOException {
    out.append("<thead><tr>");
    for (String name : names) {
      out.append("<th scope=\"col\">");
      text(name);
      out.append("</th>");
    }
    out.append("</tr></thead>\n");
  }

  private void rowHeader(String content) throws IOException {
    out.append("<th scope=\"row\">");
    text(content);
    out.append("</th>");
  }

  private void cell(String content) throws IOException {
    out.append("<td>");
    text(content);
    out.append("</td>");
  }

  private void words(String content) throws IOException {
    out.append("<td class=\"words\">");
    text(content);
    out.append("</td>");
  }

  private void text(String content) throws IOException {
    out.append(escape(content));
  }

  /** Text as the content of an element or of a quoted attribute. */
  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }

  /** A JSON string that cannot end the script element around it. Percentile names only. */
  private static String quoted(String text) {
    return '"' + text.replaceAll("[^a-z0-9.]", "") + '"';
  }

  private static String number(double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%.6g", value) : "null";
  }

  private static String uplotVersion() throws IOException {
    Properties properties = new Properties();
    try (InputStream in = open("META-INF/maven/org.webjars.npm/uplot/pom.properties")) {
      properties.load(in);
    }
    return properties.getProperty("version", "");
  }

  private static String resource(String path) throws IOException {
    try (InputStream in = open(path)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static InputStream open(String path) throws IOException {
    InputStream in = HtmlReport.class.getClassLoader().getResourceAsStream(path);
    if (in == null) {
      throw new IOException("resource: " + path + " (expected: on the class path)");
    }
    return in;
  }
}
