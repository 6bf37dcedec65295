package dev.nereid.server.metrics;

import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Metric families while they are filled with one series after another, for one scrape. */
final class Families {

  /** Upper bounds of the batch size histogram; exact sizes are in the statistics RPC. */
  private static final long[] BATCH_BOUNDS = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};

  private final Map<String, CounterSnapshot.Builder> counters = new LinkedHashMap<>();
  private final Map<String, GaugeSnapshot.Builder> gauges = new LinkedHashMap<>();
  private final Map<String, HistogramSnapshot.Builder> histograms = new LinkedHashMap<>();

  void counter(String name, String help, Labels labels, long value) {
    counters
        .computeIfAbsent(name, n -> CounterSnapshot.builder().name(n).help(help))
        .dataPoint(CounterDataPointSnapshot.builder().labels(labels).value((double) value).build());
  }

  void gauge(String name, String help, Labels labels, double value) {
    gauges
        .computeIfAbsent(name, n -> GaugeSnapshot.builder().name(n).help(help))
        .dataPoint(GaugeDataPointSnapshot.builder().labels(labels).value(value).build());
  }

  /** A histogram of durations, in seconds. */
  void latency(String name, String help, Labels labels, LatencyBuckets buckets) {
    double[] bounds =
        Arrays.stream(buckets.upperBoundsNanos()).mapToDouble(nanos -> nanos / 1e9).toArray();
    histogram(name, help, labels, bounds, buckets.counts(), buckets.totalNanos() / 1e9);
  }

  /** A histogram of executions by their rows; a model without a batch dimension runs one row. */
  void batchRows(
      String name, String help, Labels labels, Map<Integer, BatchStatistics> executionsByRows) {
    long[] counts = new long[BATCH_BOUNDS.length + 1];
    long sum = 0;
    for (Map.Entry<Integer, BatchStatistics> batch : executionsByRows.entrySet()) {
      int rows = Math.max(1, batch.getKey());
      int bucket = Arrays.binarySearch(BATCH_BOUNDS, rows);
      counts[bucket < 0 ? -bucket - 1 : bucket] += batch.getValue().executions();
      sum += rows * batch.getValue().executions();
    }
    double[] bounds = Arrays.stream(BATCH_BOUNDS).mapToDouble(bound -> bound).toArray();
    histogram(name, help, labels, bounds, counts, (double) sum);
  }

  /** {@code counts} are of each bucket by itself, one more than there are bounds. */
  private void histogram(
      String name, String help, Labels labels, double[] bounds, long[] counts, double sum) {
    double[] upperBounds = Arrays.copyOf(bounds, bounds.length + 1);
    upperBounds[bounds.length] = Double.POSITIVE_INFINITY;
    histograms
        .computeIfAbsent(name, n -> HistogramSnapshot.builder().name(n).help(help))
        .dataPoint(
            HistogramDataPointSnapshot.builder()
                .labels(labels)
                .classicHistogramBuckets(ClassicHistogramBuckets.of(upperBounds, counts))
                .sum(sum)
                .build());
  }

  MetricSnapshots snapshots() {
    MetricSnapshots.Builder all = MetricSnapshots.builder();
    counters.values().forEach(family -> all.metricSnapshot(family.build()));
    gauges.values().forEach(family -> all.metricSnapshot(family.build()));
    histograms.values().forEach(family -> all.metricSnapshot(family.build()));
    return all.build();
  }
}
