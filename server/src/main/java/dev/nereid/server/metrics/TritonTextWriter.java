package dev.nereid.server.metrics;

import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;

/**
 * Writes meters in the Prometheus text format 0.0.4 as Triton does: a counter whose name starts
 * with {@code nv_} keeps that name. The library's own writers would add {@code _total} to it, and
 * no dashboard made for Triton would find it. Counters of ours do end in {@code _total}.
 *
 * <p>Families come by name, labels by their own name; a family without a series is left out, as
 * Triton leaves it out.
 */
final class TritonTextWriter {

  static final String CONTENT_TYPE = "text/plain; charset=utf-8";

  private final StringBuilder page = new StringBuilder(16 * 1024);

  private TritonTextWriter() {}

  /** The page of these meters. */
  static String write(MetricSnapshots snapshots) {
    TritonTextWriter writer = new TritonTextWriter();
    for (MetricSnapshot snapshot : snapshots) {
      if (!snapshot.getDataPoints().isEmpty()) {
        writer.family(snapshot);
      }
    }
    return writer.page.toString();
  }

  private void family(MetricSnapshot snapshot) {
    String name = snapshot.getMetadata().getPrometheusName();
    if (snapshot instanceof CounterSnapshot counters) {
      String exposed = name.startsWith("nv_") ? name : name + "_total";
      head(exposed, snapshot, "counter");
      counters.getDataPoints().forEach(p -> sample(exposed, p.getLabels(), "", p.getValue()));
    } else if (snapshot instanceof GaugeSnapshot gauges) {
      head(name, snapshot, "gauge");
      gauges.getDataPoints().forEach(p -> sample(name, p.getLabels(), "", p.getValue()));
    } else if (snapshot instanceof HistogramSnapshot histograms) {
      head(name, snapshot, "histogram");
      histograms.getDataPoints().forEach(p -> histogram(name, p));
    } else {
      throw new IllegalStateException(
          name + ": " + snapshot.getClass().getName() + " (expected: counter, gauge or histogram)");
    }
  }

  private void histogram(String name, HistogramSnapshot.HistogramDataPointSnapshot point) {
    ClassicHistogramBuckets buckets = point.getClassicBuckets();
    long cumulative = 0;
    for (int i = 0; i < buckets.size(); i++) {
      cumulative += buckets.getCount(i);
      String bound = "le=\"" + number(buckets.getUpperBound(i)) + "\"";
      sample(name + "_bucket", point.getLabels(), bound, (double) cumulative);
    }
    sample(name + "_sum", point.getLabels(), "", point.getSum());
    sample(name + "_count", point.getLabels(), "", (double) cumulative);
  }

  private void head(String name, MetricSnapshot snapshot, String type) {
    String help = snapshot.getMetadata().getHelp();
    page.append("# HELP ").append(name);
    if (help != null && !help.isBlank()) {
      page.append(' ').append(help.replace("\\", "\\\\").replace("\n", "\\n"));
    }
    page.append("\n# TYPE ").append(name).append(' ').append(type).append('\n');
  }

  private void sample(String name, Labels labels, String lastLabel, double value) {
    page.append(name);
    if (!labels.isEmpty() || !lastLabel.isEmpty()) {
      char separator = '{';
      for (int i = 0; i < labels.size(); i++) {
        page.append(separator).append(labels.getPrometheusName(i)).append("=\"");
        page.append(escaped(labels.getValue(i))).append('"');
        separator = ',';
      }
      if (!lastLabel.isEmpty()) {
        page.append(separator).append(lastLabel);
      }
      page.append('}');
    }
    page.append(' ').append(number(value)).append('\n');
  }

  private static String escaped(String value) {
    return value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
  }

  /** Whole numbers without a fraction or an exponent, as long as a double holds them exactly. */
  static String number(double value) {
    if (value == Double.POSITIVE_INFINITY) {
      return "+Inf";
    }
    if (value == Double.NEGATIVE_INFINITY) {
      return "-Inf";
    }
    if (value == Math.rint(value) && Math.abs(value) < 0x1p53) {
      return Long.toString((long) value);
    }
    return Double.toString(value);
  }
}
