package dev.nereid.bench.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import dev.nereid.bench.measure.Latencies;
import dev.nereid.bench.measure.ProbePlan.Load;
import dev.nereid.bench.measure.ProbeResult;
import dev.nereid.bench.measure.StageBreakdown;
import dev.nereid.bench.search.MaxResult;
import dev.nereid.bench.search.Phase;
import dev.nereid.bench.statistics.LimitEstimate;
import dev.nereid.bench.statistics.Slo;
import dev.nereid.bench.target.GpuUse;
import dev.nereid.bench.target.TargetDescription;
import dev.nereid.bench.target.TargetDescription.ModelSettings;
import java.io.IOException;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.HdrHistogram.Histogram;

/**
 * Results as JSON, {@code schemaVersion} {@value #SCHEMA_VERSION}.
 *
 * <p>One measured model: its keys stand at the top. Several: they stand in the objects of {@code
 * models}. Latencies are milliseconds, stages microseconds, rates a second; {@code null} where a
 * percentile lies beyond every answer or a value does not exist. Histograms are HdrHistogram's V2
 * compressed form in Base64, in nanoseconds, of the probe at the limit. docs/bench.md lists every
 * key.
 */
public final class JsonReport {
  static final int SCHEMA_VERSION = 1;

  private final JsonGenerator json;

  private JsonReport(JsonGenerator json) {
    this.json = json;
  }

  /** Writes the report; the writer stays open. */
  public static void write(BenchReport report, Writer out) throws IOException {
    JsonGenerator json = new JsonFactory().createGenerator(out);
    json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
    json.setPrettyPrinter(new DefaultPrettyPrinter());
    new JsonReport(json).report(report);
    json.close();
    out.write('\n');
    out.flush();
  }

  private void report(BenchReport report) throws IOException {
    json.writeStartObject();
    json.writeNumberField("schemaVersion", SCHEMA_VERSION);
    json.writeObjectFieldStart("tool");
    json.writeStringField("name", "nereid bench");
    json.writeStringField("version", report.environment().toolVersion());
    json.writeEndObject();
    json.writeObjectFieldStart("host");
    json.writeStringField("os", report.environment().os());
    json.writeNumberField("processors", report.environment().processors());
    json.writeStringField("java", report.environment().java());
    json.writeEndObject();
    json.writeStringField("startedAt", report.environment().startedAt().toString());
    boolean single = report.searches().size() + report.runs().size() == 1;
    if (!single) {
      json.writeArrayFieldStart("models");
    }
    for (MaxResult search : report.searches()) {
      startModel(single);
      search(search);
      endModel(single);
    }
    for (BenchReport.Run run : report.runs()) {
      startModel(single);
      run(run);
      endModel(single);
    }
    if (!single) {
      json.writeEndArray();
    }
    json.writeEndObject();
  }

  private void startModel(boolean single) throws IOException {
    if (!single) {
      json.writeStartObject();
    }
  }

  private void endModel(boolean single) throws IOException {
    if (!single) {
      json.writeEndObject();
    }
  }

  private void search(MaxResult result) throws IOException {
    target(result.target());
    slo(result.settings().slo());
    json.writeObjectFieldStart("load");
    json.writeStringField("mode", "open");
    json.writeStringField("distribution", result.settings().arrivals().text());
    json.writeNumberField("seed", result.settings().seed());
    json.writeEndObject();
    json.writeObjectFieldStart("search");
    json.writeNumberField("budgetSeconds", result.settings().budget().toMillis() / 1e3);
    json.writeStringField("outcome", result.outcome().name());
    json.writeArrayFieldStart("probes");
    for (MaxResult.PhasedProbe probe : result.probes()) {
      if (probe.phase() != Phase.CALIBRATE) {
        probe(probe.result(), Optional.of(probe.phase()));
      }
    }
    json.writeEndArray();
    json.writeEndObject();
    json.writeObjectFieldStart("result");
    number("maxRps", result.estimate().map(LimitEstimate::ratePerSecond).orElse(Double.NaN));
    number("ciLow", result.estimate().map(LimitEstimate::low).orElse(Double.NaN));
    number("ciHigh", result.estimate().map(LimitEstimate::high).orElse(Double.NaN));
    json.writeBooleanField("confirmed", result.confirmedRate().isPresent());
    number("confirmedRps", result.confirmedRate().orElse(Double.NaN));
    json.writeStringField("limiter", result.limiter().kind().name());
    json.writeStringField("limiterText", result.limiter().sentence());
    json.writeArrayFieldStart("warnings");
    for (String warning : result.warnings()) {
      json.writeString(warning);
    }
    json.writeEndArray();
    json.writeEndObject();
    if (result.atLimit().isPresent()) {
      histograms(result.atLimit().get());
    }
  }

  private void run(BenchReport.Run run) throws IOException {
    ProbeResult result = run.result();
    target(run.target());
    if (result.plan().objective().binding()) {
      slo(result.plan().objective().slo());
    }
    json.writeObjectFieldStart("load");
    if (result.plan().load() instanceof Load.Open open) {
      json.writeStringField("mode", "open");
      json.writeStringField("distribution", open.process().text());
      number("rate", open.rate());
    } else if (result.plan().load() instanceof Load.Closed closed) {
      json.writeStringField("mode", "closed");
      json.writeNumberField("concurrency", closed.concurrency());
    }
    json.writeNumberField("seed", result.plan().seed());
    json.writeEndObject();
    json.writeObjectFieldStart("search");
    json.writeArrayFieldStart("probes");
    probe(result, Optional.empty());
    json.writeEndArray();
    json.writeEndObject();
    json.writeObjectFieldStart("result");
    json.writeNullField("maxRps");
    json.writeNullField("ciLow");
    json.writeNullField("ciHigh");
    judgement(result);
    json.writeEndObject();
    histograms(result);
  }

  private void target(TargetDescription target) throws IOException {
    json.writeObjectFieldStart("server");
    json.writeStringField("endpoint", target.endpoint());
    json.writeStringField("name", target.server().name());
    json.writeStringField("version", target.server().version());
    json.writeArrayFieldStart("extensions");
    for (String extension : target.server().extensions()) {
      json.writeString(extension);
    }
    json.writeEndArray();
    json.writeEndObject();
    json.writeObjectFieldStart("model");
    json.writeStringField("name", target.model());
    json.writeStringField("version", target.modelVersion());
    json.writeNumberField("rowsPerRequest", target.rowsPerRequest());
    json.writeNumberField("requestBytes", target.requestBytes());
    json.writeStringField("input", target.input());
    if (target.config().isPresent()) {
      config(target.config().get());
    }
    json.writeEndObject();
  }

  private void config(ModelSettings config) throws IOException {
    json.writeObjectFieldStart("config");
    json.writeStringField("platform", config.platform());
    json.writeNumberField("maxBatchSize", config.maxBatchRows());
    json.writeNumberField("instances", config.instances());
    json.writeBooleanField("dynamicBatching", config.dynamicBatching());
    json.writeArrayFieldStart("preferredBatchSize");
    for (int rows : config.preferredBatchRows()) {
      json.writeNumber(rows);
    }
    json.writeEndArray();
    number("maxQueueDelayUs", config.maxQueueDelayNanos() / 1e3);
    json.writeEndObject();
  }

  private void slo(Slo slo) throws IOException {
    json.writeObjectFieldStart("slo");
    json.writeStringField("text", slo.toString());
    number("percentile", slo.percentile());
    number("limitMs", slo.limitMillis());
    json.writeBooleanField("inclusive", slo.inclusive());
    // A failed request is a late one.
    number("maxErrorRate", slo.allowedFraction());
    json.writeEndObject();
  }

  private void probe(ProbeResult result, Optional<Phase> phase) throws IOException {
    json.writeStartObject();
    if (phase.isPresent()) {
      json.writeStringField("phase", phase.get().text());
    }
    number("rate", result.ratePerSecond());
    number("windowSeconds", result.windowSeconds());
    json.writeNumberField("looks", result.looks());
    json.writeNumberField("seed", result.plan().seed());
    json.writeNumberField("offered", result.offered());
    json.writeNumberField("sent", result.sent());
    json.writeNumberField("completed", result.completed());
    number("good", ofObjective(result, (double) result.good()));
    number("offeredPerSecond", result.offeredPerSecond());
    number("sentPerSecond", result.sentPerSecond());
    number("completedPerSecond", result.completedPerSecond());
    number("goodPerSecond", ofObjective(result, result.goodPerSecond()));
    number("mean", result.response().meanNanos() / 1e6);
    for (double percentile : new double[] {50, 90, 95, 99, 99.9}) {
      String name = percentile == 99.9 ? "p99.9" : "p" + (int) percentile;
      number(name, result.response().percentileNanos(percentile) / 1e6);
    }
    Slo slo = result.plan().objective().slo();
    number(slo.percentileName() + "AtSlo", result.percentileNanos() / 1e6);
    json.writeArrayFieldStart(slo.percentileName() + "Ci");
    value(result.percentileLowNanos() / 1e6);
    value(result.percentileHighNanos() / 1e6);
    json.writeEndArray();
    number("serviceMean", result.service().meanNanos() / 1e6);
    number("serviceP95", result.service().percentileNanos(95) / 1e6);
    number("lagP99", result.lag().percentileNanos(99) / 1e6);
    number("cpuShare", result.generator().cpuShare());
    json.writeObjectFieldStart("errors");
    for (Map.Entry<String, Long> error : new java.util.TreeMap<>(result.errors()).entrySet()) {
      json.writeNumberField(error.getKey(), error.getValue());
    }
    json.writeEndObject();
    number("lateFraction", ofObjective(result, result.exceedance().fraction()));
    json.writeArrayFieldStart("lateFractionCi");
    value(ofObjective(result, result.exceedance().low()));
    value(ofObjective(result, result.exceedance().high()));
    json.writeEndArray();
    json.writeNumberField("blocks", result.exceedance().blocks());
    number("vif", result.exceedance().vif());
    number("effectiveCount", result.exceedance().effectiveCount());
    number("inFlightGrowthPerSecond", result.growth().perSecond());
    judgement(result);
    if (result.interrupted()) {
      json.writeBooleanField("interrupted", true);
    }
    if (result.stages().isPresent()) {
      stages(result.stages().get());
    }
    if (!result.gpus().isEmpty()) {
      gpus(result.gpus());
    }
    json.writeEndObject();
  }

  private void gpus(List<GpuUse> gpus) throws IOException {
    json.writeArrayFieldStart("gpus");
    for (GpuUse gpu : gpus) {
      json.writeStartObject();
      json.writeStringField("uuid", gpu.uuid());
      number("utilization", gpu.utilization());
      number("powerWatts", gpu.powerWatts());
      bytes("memoryUsedBytes", gpu.memoryUsedBytes());
      bytes("memoryTotalBytes", gpu.memoryTotalBytes());
      json.writeNumberField("readings", gpu.readings());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private void bytes(String name, long value) throws IOException {
    if (value < 0) {
      json.writeNullField(name);
    } else {
      json.writeNumberField(name, value);
    }
  }

  private void judgement(ProbeResult result) throws IOException {
    if (result.judged().isPresent()) {
      json.writeStringField("verdict", result.judged().get().name());
      json.writeStringField("reason", result.reason());
    } else {
      json.writeNullField("verdict");
      json.writeNullField("reason");
    }
  }

  private static double ofObjective(ProbeResult result, double value) {
    return result.hasObjective() ? value : Double.NaN;
  }

  private void stages(StageBreakdown stages) throws IOException {
    json.writeObjectFieldStart("stages");
    json.writeNumberField("requests", stages.requests());
    number("queueUs", stages.queueNanos() / 1e3);
    number("inputUs", stages.inputNanos() / 1e3);
    number("inferUs", stages.inferNanos() / 1e3);
    number("outputUs", stages.outputNanos() / 1e3);
    number("networkUs", stages.networkNanos() / 1e3);
    number("meanBatch", stages.meanBatchRows());
    json.writeArrayFieldStart("batchHistogram");
    for (StageBreakdown.Batch batch : stages.batches()) {
      json.writeStartObject();
      json.writeNumberField("size", batch.rows());
      json.writeNumberField("executions", batch.executions());
      number("serviceUs", batch.serviceNanos() / 1e3);
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private void histograms(ProbeResult result) throws IOException {
    json.writeObjectFieldStart("histograms");
    json.writeStringField("response", compressed(result.response()));
    json.writeStringField("service", compressed(result.service()));
    json.writeStringField("lag", compressed(result.lag()));
    json.writeEndObject();
  }

  static String compressed(Latencies latencies) {
    Histogram histogram = new Histogram(latencies.histogram());
    histogram.add(latencies.histogram());
    ByteBuffer buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
    int length = histogram.encodeIntoCompressedByteBuffer(buffer);
    return Base64.getEncoder().encodeToString(java.util.Arrays.copyOf(buffer.array(), length));
  }

  private void number(String name, double value) throws IOException {
    json.writeFieldName(name);
    value(value);
  }

  /** With seven significant digits: no measurement carries more. */
  private void value(double value) throws IOException {
    if (Double.isFinite(value)) {
      json.writeNumber(
          new java.math.BigDecimal(value)
              .round(new java.math.MathContext(7))
              .stripTrailingZeros()
              .toPlainString());
    } else {
      json.writeNull();
    }
  }
}
