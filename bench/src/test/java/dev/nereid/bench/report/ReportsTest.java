package dev.nereid.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.nereid.bench.measure.GeneratorHealth;
import dev.nereid.bench.measure.ProbeListener;
import dev.nereid.bench.measure.ProbePlan;
import dev.nereid.bench.measure.ProbeResult;
import dev.nereid.bench.measure.Prober;
import dev.nereid.bench.measure.StopSignal;
import dev.nereid.bench.search.MaxResult;
import dev.nereid.bench.search.MaxSearch;
import dev.nereid.bench.search.MaxSettings;
import dev.nereid.bench.search.SearchListener;
import dev.nereid.bench.simulation.SimulatedServer;
import dev.nereid.bench.simulation.VirtualTimeline;
import dev.nereid.bench.statistics.Slo;
import dev.nereid.bench.statistics.Verdict;
import dev.nereid.bench.target.GpuMeter;
import dev.nereid.bench.target.GpuUse;
import dev.nereid.bench.target.TargetDescription;
import dev.nereid.bench.target.TargetException;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Reports of a real search of a simulated server, read back. */
class ReportsTest {
  private static final Environment HERE =
      new Environment("1.2.3", "Linux 6", 2, "a JVM", Instant.parse("2026-11-24T03:04:05Z"));
  private static MaxResult found;
  private static MaxResult missed;
  private static MaxResult watched;

  @BeforeAll
  static void search() throws TargetException {
    VirtualTimeline timeline = new VirtualTimeline();
    found =
        search(
            timeline, SimulatedServer.batching(timeline, 1, 8, 5_000_000, 10_000_000, 5_000_000));
    timeline = new VirtualTimeline();
    missed = search(timeline, SimulatedServer.deterministic(timeline, 150_000_000));
    timeline = new VirtualTimeline();
    GpuMeter gpus =
        (from, to) ->
            List.of(
                new GpuUse("GPU-1f", 0.624, 381.2, 9_785L << 20, 81_559L << 20, 12),
                new GpuUse("GPU-2e", Double.NaN, Double.NaN, -1, -1, 1));
    watched = search(timeline, SimulatedServer.deterministic(timeline, 5_000_000), gpus);
  }

  private static Prober prober(
      VirtualTimeline timeline, SimulatedServer server, GpuMeter gpus, StopSignal stop) {
    return new Prober(
        server,
        timeline,
        GeneratorHealth.Limits.forLimit(100_000_000),
        () -> 0,
        1,
        10_000_000_000L,
        1,
        gpus,
        stop);
  }

  private static MaxResult search(VirtualTimeline timeline, SimulatedServer server)
      throws TargetException {
    return search(timeline, server, GpuMeter.NONE);
  }

  private static MaxResult search(VirtualTimeline timeline, SimulatedServer server, GpuMeter gpus)
      throws TargetException {
    StopSignal stop = new StopSignal();
    return new MaxSearch(
            server,
            prober(timeline, server, gpus, stop),
            timeline,
            stop,
            MaxSettings.of(Slo.parse("p95<=100ms")).withBudget(Duration.ofMinutes(2)),
            SearchListener.SILENT)
        .run();
  }

  private static BenchReport report(MaxResult... results) {
    return BenchReport.ofSearches(HERE, List.of(results));
  }

  private static MaxResult renamed(MaxResult result, String name) {
    TargetDescription t = result.target();
    return new MaxResult(
        new TargetDescription(
            t.endpoint(),
            t.server(),
            name,
            t.modelVersion(),
            t.rowsPerRequest(),
            t.requestBytes(),
            t.input(),
            t.config()),
        result.settings(),
        result.probes(),
        result.outcome(),
        result.estimate(),
        result.confirmedRate(),
        result.atLimit(),
        result.limiter(),
        List.of("<b>" + name + "</b>"));
  }

  @Test
  void theJsonHasEveryKeyOfItsSchemaWithItsType() throws IOException {
    Map<String, List<Object>> json = json(report(found));

    assertThat(json.get("/schemaVersion")).containsExactly(1L);
    assertThat(json.get("/tool/version")).containsExactly("1.2.3");
    assertThat(json.get("/host/processors")).containsExactly(2L);
    assertThat(json.get("/startedAt")).containsExactly("2026-11-24T03:04:05Z");
    assertThat(json.get("/server/name")).containsExactly("simulated");
    assertThat(json.get("/server/extensions[]")).containsExactly("statistics");
    assertThat(json.get("/model/name")).containsExactly("model");
    assertThat(json.get("/model/config/maxBatchSize")).containsExactly(8L);
    assertThat(json.get("/slo/percentile")).containsExactly(95L);
    assertThat(json.get("/slo/limitMs")).containsExactly(100L);
    assertThat(one(json, "/slo/maxErrorRate")).isEqualTo("0.05");
    assertThat(json.get("/load/mode")).containsExactly("open");
    assertThat(json.get("/load/distribution")).containsExactly("poisson");
    assertThat(json.get("/result/confirmed")).containsExactly(true);
    assertThat(json.get("/result/limiter")).hasOnlyElementsOfType(String.class).hasSize(1);
    int probes = found.openProbes().size();
    for (String key :
        List.of(
            "rate",
            "offered",
            "sent",
            "completed",
            "good",
            "p50",
            "p95",
            "p99",
            "lagP99",
            "blocks",
            "vif",
            "verdict",
            "reason",
            "lateFraction",
            "windowSeconds",
            "seed",
            "phase",
            "stages/queueUs",
            "stages/inputUs",
            "stages/inferUs",
            "stages/outputUs")) {
      assertThat(json.get("/search/probes[]/" + key)).as(key).hasSize(probes);
    }
    assertThat(json.get("/search/probes[]/p95Ci[]")).hasSize(2 * probes);
    assertThat(json).containsKey("/search/probes[]/stages/batchHistogram[]/size");
  }

  @Test
  void theJsonsNumbersAreTheResults() throws IOException {
    Map<String, List<Object>> json = json(report(found));

    double maxRps = Double.parseDouble(one(json, "/result/maxRps"));
    assertThat(maxRps)
        .isCloseTo(found.estimate().orElseThrow().ratePerSecond(), within(1e-4 * maxRps));
    double low = Double.parseDouble(one(json, "/result/ciLow"));
    double high = Double.parseDouble(one(json, "/result/ciHigh"));
    assertThat(low).isLessThan(maxRps);
    assertThat(high).isGreaterThan(maxRps);
  }

  @Test
  void theJsonsHistogramsDecodeToWhatWasMeasured() throws Exception {
    Map<String, List<Object>> json = json(report(found));
    ProbeResult atLimit = found.atLimit().orElseThrow();
    byte[] bytes = Base64.getDecoder().decode(one(json, "/histograms/response"));
    Histogram decoded = Histogram.decodeFromCompressedByteBuffer(ByteBuffer.wrap(bytes), 0);

    assertThat(decoded.getTotalCount()).isEqualTo(atLimit.response().histogram().getTotalCount());
    assertThat(decoded.getValueAtPercentile(95))
        .isEqualTo(atLimit.response().histogram().getValueAtPercentile(95));
    assertThat(json).containsKeys("/histograms/service", "/histograms/lag");
  }

  @Test
  void aLimitThatWasNotFoundIsNull() throws IOException {
    Map<String, List<Object>> json = json(report(missed));

    assertThat(json.get("/result/maxRps")).containsExactly((Object) null);
    assertThat(json.get("/result/confirmed")).containsExactly(false);
    assertThat(json.get("/search/outcome")).containsExactly("NOT_MET");
  }

  @Test
  void severalModelsStandInAList() throws IOException {
    Map<String, List<Object>> json = json(report(found, missed));

    assertThat(json.get("/models[]/model/name")).hasSize(2);
    assertThat(json).doesNotContainKey("/result/maxRps");
  }

  @Test
  void theCsvHasPerfAnalyzersHeaderAndTheFailingRows() throws IOException {
    StringWriter out = new StringWriter();
    CsvReport.write(report(found), out);
    List<String> lines = out.toString().lines().toList();

    assertThat(lines.get(0))
        .isEqualTo(
            "Request Rate,Inferences/Second,Client Send,Network+Server Send/Recv,Server Queue,"
                + "Server Compute Input,Server Compute Infer,Server Compute Output,Client Recv,"
                + "p50 latency,p90 latency,p95 latency,p99 latency,Status");
    assertThat(lines).hasSize(found.openProbes().size() + 1);
    assertThat(lines.stream().skip(1)).allMatch(line -> line.split(",", -1).length == 14);
    for (Verdict verdict : Verdict.values()) {
      long expected = found.openProbes().stream().filter(p -> p.verdict() == verdict).count();
      assertThat(lines.stream().filter(line -> line.endsWith("," + verdict)))
          .hasSize((int) expected);
    }
    List<Double> rates =
        lines.stream().skip(1).map(line -> Double.valueOf(line.split(",", -1)[1])).toList();
    assertThat(rates).isSorted();
  }

  @Test
  void aCsvOfSeveralModelsNamesEachAtTheEnd() throws IOException {
    StringWriter out = new StringWriter();
    CsvReport.write(report(renamed(found, "a,\"b\""), missed), out);

    assertThat(out.toString()).contains(",Status,Model\n").contains(",\"a,\"\"b\"\"\"\n");
  }

  @Test
  void theCsvOfAClosedLoopNamesTheConcurrencyAndAnExtraPercentile() throws Exception {
    VirtualTimeline timeline = new VirtualTimeline();
    SimulatedServer server = SimulatedServer.deterministic(timeline, 5_000_000);
    ProbeResult result =
        prober(timeline, server, GpuMeter.NONE, new StopSignal())
            .probe(
                new ProbePlan(
                    new ProbePlan.Load.Closed(3),
                    new ProbePlan.Objective(Slo.parse("p99.9<=100ms"), true),
                    0,
                    2_000_000_000L,
                    1,
                    1,
                    1,
                    false),
                ProbeListener.SILENT);
    StringWriter out = new StringWriter();
    CsvReport.write(BenchReport.ofRun(HERE, server.description(), result), out);

    assertThat(out.toString()).startsWith("Concurrency,").contains(",p99.9 latency,Status\n3,");
  }

  @Test
  void thePageLoadsNothingAndCarriesItsCharts() throws IOException {
    String html = html(report(found, missed));

    assertThat(html)
        .doesNotContainPattern("(?i)(src|href)\\s*=")
        .doesNotContainPattern("(?i)url\\(")
        .doesNotContain("<link", "<img", "@import", "fetch(", "XMLHttpRequest")
        .contains("default-src 'none'", "uPlot=function", "lang=\"en\"");
    // The only address is the library's own, in its licence line.
    assertThat(html.replace("https://github.com/leeoniya/uPlot", ""))
        .doesNotContain("http://", "https://");
    assertThat(html.split("role=\"img\"", -1)).hasSize(3);
    assertThat(html.split("<figcaption>", -1)).hasSize(3);
  }

  @Test
  void thePagesChartDataAreTheProbes() throws IOException {
    String html = html(report(found));
    int start = html.indexOf("id=\"chart0\">") + "id=\"chart0\">".length();
    Map<String, List<Object>> data = parse(html.substring(start, html.indexOf("</script>", start)));

    assertThat(data.get("/rate[]")).hasSize(found.openProbes().size());
    assertThat(data.get("/slo[]")).hasSize(found.openProbes().size());
    assertThat(data.get("/percentile")).containsExactly("p95");
  }

  @Test
  void textFromOutsideIsEscapedOnThePage() throws IOException {
    String evil = "<script>alert('x')</script>\"&";
    String html = html(report(renamed(found, evil)));

    assertThat(html)
        .doesNotContain(evil)
        .doesNotContain("<b>")
        .contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;");
  }

  @Test
  void theTableHasOneLineAModelWithItsIntervalAndItsReason() {
    String table = TextReport.table(List.of(found, missed));

    assertThat(table.lines()).hasSize(3);
    assertThat(table.lines().findFirst().orElseThrow())
        .matches("model +limit at p95 ≤ 100 ms +p50 +p95 +mean batch +why here");
    assertThat(table)
        .containsPattern("model +\\d+(\\.\\d+)? RPS \\(\\d+(\\.\\d+)?–\\d+(\\.\\d+)?\\) ");
    assertThat(table).contains("not met at any rate");
  }

  @Test
  void noMoreDigitsArePrintedThanTheIntervalSupports() {
    assertThat(
            Quantities.limit(
                new dev.nereid.bench.statistics.LimitEstimate(1139.26, 1131.4, 1161.9, 10)))
        .isEqualTo("1139 RPS (1131–1162)");
    assertThat(
            Quantities.limit(
                new dev.nereid.bench.statistics.LimitEstimate(9.1234, 8.7123, 9.4432, 10)))
        .isEqualTo("9.1 RPS (8.7–9.4)");
    assertThat(
            Quantities.limit(
                new dev.nereid.bench.statistics.LimitEstimate(1139.26, 1131.4, 1147.0, 10)))
        .isEqualTo("1139 RPS (1131–1147)");
    assertThat(
            Quantities.limit(
                new dev.nereid.bench.statistics.LimitEstimate(50_123, 49_012, 51_310, 10)))
        .isEqualTo("50100 RPS (49000–51300)");
  }

  @Test
  void gpusStandInEveryReportWhereTheyAreWatched() throws IOException {
    assertThat(TextReport.search(watched))
        .contains("gpu        GPU-1f busy 62 %, 381 W, 9785 of 81559 MiB, 12 readings\n")
        .contains("gpu        GPU-2e busy –, –, – of – MiB, 1 reading\n");
    assertThat(TextReport.table(List.of(watched, missed)).lines().toList())
        .satisfies(
            lines -> {
              assertThat(lines.get(0)).contains("mean batch  GPU busy  why here");
              assertThat(lines.get(1)).contains("62 %, –");
            });
    Map<String, List<Object>> json = json(report(watched));
    int probes = watched.openProbes().size();
    assertThat(json.get("/search/probes[]/gpus[]/uuid")).hasSize(2 * probes);
    assertThat(json.get("/search/probes[]/gpus[]/memoryUsedBytes"))
        .contains((Object) (9_785L << 20))
        .containsNull();
    StringWriter csv = new StringWriter();
    CsvReport.write(report(watched), csv);
    assertThat(csv.toString().lines().toList())
        .satisfies(
            lines -> {
              assertThat(lines.get(0))
                  .endsWith(
                      ",Avg GPU Utilization,Avg GPU Power Usage,Max GPU Memory Usage,Total GPU Memory,Status");
              assertThat(lines.get(1))
                  .contains(",GPU-1f:0.6240;,GPU-1f:381.200;,GPU-1f:10260316160;,");
            });
    assertThat(html(report(watched)))
        .contains("<th scope=\"col\">GPU busy</th>", "<td>9785 of 81559 MiB</td>");
    assertThat(html(report(found))).doesNotContain("GPU");
  }

  private static String html(BenchReport report) throws IOException {
    StringWriter out = new StringWriter();
    HtmlReport.write(report, out);
    return out.toString();
  }

  private static Map<String, List<Object>> json(BenchReport report) throws IOException {
    StringWriter out = new StringWriter();
    JsonReport.write(report, out);
    return parse(out.toString());
  }

  private static String one(Map<String, List<Object>> json, String path) {
    List<Object> values = json.getOrDefault(path, List.of());
    assertThat(values).as(path).hasSize(1);
    return String.valueOf(values.get(0));
  }

  /** Every value by its path, list elements under {@code []}. */
  private static Map<String, List<Object>> parse(String text) throws IOException {
    Map<String, List<Object>> values = new HashMap<>();
    try (JsonParser parser = new JsonFactory().createParser(text)) {
      parser.nextToken();
      read(parser, "", values);
    }
    return values;
  }

  private static void read(JsonParser parser, String path, Map<String, List<Object>> values)
      throws IOException {
    if (parser.currentToken() == JsonToken.START_OBJECT) {
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName();
        parser.nextToken();
        read(parser, path + "/" + name, values);
      }
    } else if (parser.currentToken() == JsonToken.START_ARRAY) {
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        read(parser, path + "[]", values);
      }
    } else {
      values.computeIfAbsent(path, p -> new ArrayList<>()).add(scalar(parser));
    }
  }

  private static @Nullable Object scalar(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT -> parser.getLongValue();
      case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> null;
    };
  }
}
