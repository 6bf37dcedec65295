package dev.nereid.server.metrics;

import dev.nereid.server.metrics.StatisticsSnapshot.Stage;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The families of models: Triton's {@code nv_inference_*} and ours. A scrape takes one snapshot of
 * each version and fills every family from it, so that the numbers of one page belong together; a
 * meter each would read them one by one while requests go on.
 *
 * <p>Thread-safe.
 */
public final class ModelCollector implements MultiCollector {

  private static final double NANOS_PER_SECOND = 1e9;

  private final boolean counterLatencies;
  private final List<ModelMeters> models = new CopyOnWriteArrayList<>();

  /**
   * @param counterLatencies whether Triton's cumulative durations are shown: {@code
   *     --metrics-config=counter_latencies=…}
   */
  public ModelCollector(boolean counterLatencies) {
    this.counterLatencies = counterLatencies;
  }

  /** Shows a version from now on. */
  public void add(ModelMeters model) {
    models.add(model);
  }

  /** Shows a version no longer. */
  public void remove(ModelMeters model) {
    models.remove(model);
  }

  @Override
  public MetricSnapshots collect() {
    Families families = new Families();
    for (ModelMeters model : models) {
      StatisticsSnapshot snapshot = model.statistics().snapshot();
      Labels labels = labels(model);
      triton(families, labels, snapshot);
      families.gauge(
          "nv_inference_pending_request_count",
          "Instantaneous number of pending requests awaiting execution per-model.",
          labels,
          snapshot.queuedRequests());
      families.gauge(
          "nv_model_load_duration_secs", "Model load time in seconds", labels, model.loadSeconds());
      ours(families, labels, snapshot);
    }
    return families.snapshots();
  }

  private static Labels labels(ModelMeters model) {
    Labels labels = Labels.of("model", model.model(), "version", Long.toString(model.version()));
    for (Map.Entry<String, String> tag : model.tags().entrySet()) {
      labels = labels.add("_" + tag.getKey(), tag.getValue());
    }
    return labels;
  }

  /**
   * As Triton counts: what ran on a GPU has the GPU's UUID among its labels, a series a GPU, and
   * the series without one has the rest, such as what expired in the queue. A sum by model and
   * version has everything once.
   */
  private void triton(Families families, Labels labels, StatisticsSnapshot snapshot) {
    DeviceStatistics rest = snapshot.whole();
    for (Map.Entry<String, DeviceStatistics> gpu : snapshot.gpus().entrySet()) {
      rest = rest.minus(gpu.getValue());
    }
    triton(families, labels, rest);
    snapshot.gpus().forEach((uuid, part) -> triton(families, labels.add("gpu_uuid", uuid), part));
  }

  private void triton(Families families, Labels labels, DeviceStatistics snapshot) {
    families.counter(
        "nv_inference_request_success",
        "Number of successful inference requests, all batch sizes",
        labels,
        snapshot.success().count());
    for (Map.Entry<FailureReason, Long> failures : snapshot.failures().entrySet()) {
      families.counter(
          "nv_inference_request_failure",
          "Number of failed inference requests, all batch sizes",
          labels.add("reason", failures.getKey().name()),
          failures.getValue());
    }
    families.counter(
        "nv_inference_count",
        "Number of inferences performed (does not include cached requests)",
        labels,
        snapshot.inferenceCount());
    families.counter(
        "nv_inference_exec_count",
        "Number of model executions performed (does not include cached requests)",
        labels,
        snapshot.executionCount());
    if (counterLatencies) {
      durations(families, labels, snapshot);
    }
  }

  private static void durations(Families families, Labels labels, DeviceStatistics snapshot) {
    families.counter(
        "nv_inference_request_duration_us",
        "Cumulative inference request duration in microseconds (includes cached requests)",
        labels,
        micros(snapshot.success()));
    families.counter(
        "nv_inference_queue_duration_us",
        "Cumulative inference queuing duration in microseconds (includes cached requests)",
        labels,
        micros(snapshot.queue()));
    families.counter(
        "nv_inference_compute_input_duration_us",
        "Cumulative compute input duration in microseconds (does not include cached requests)",
        labels,
        micros(snapshot.computeInput()));
    families.counter(
        "nv_inference_compute_infer_duration_us",
        "Cumulative compute inference duration in microseconds (does not include cached requests)",
        labels,
        micros(snapshot.computeInfer()));
    families.counter(
        "nv_inference_compute_output_duration_us",
        "Cumulative inference compute output duration in microseconds (does not include cached"
            + " requests)",
        labels,
        micros(snapshot.computeOutput()));
  }

  private static long micros(StageDuration duration) {
    return duration.nanos() / 1000;
  }

  private static void ours(Families families, Labels labels, StatisticsSnapshot snapshot) {
    families.gauge(
        "nereid_queue_requests", "Requests that wait", labels, snapshot.queuedRequests());
    families.gauge(
        "nereid_queue_oldest_age_seconds",
        "Time that the oldest waiting request has waited",
        labels,
        snapshot.oldestQueuedAgeNanos() / NANOS_PER_SECOND);
    families.batchRows("nereid_batch_rows", "Rows of executed batches", labels, snapshot.batches());
    for (Map.Entry<CloseReason, Long> closed : snapshot.closeReasons().entrySet()) {
      families.counter(
          "nereid_batches_closed",
          "Executed batches by why they took no more rows",
          labels.add("reason", closed.getKey().name()),
          closed.getValue());
    }
    for (Map.Entry<Refusal, Long> refused : snapshot.refusals().entrySet()) {
      families.counter(
          "nereid_requests_refused",
          "Requests turned away before they were queued, which nv_inference_request_failure does"
              + " not count",
          labels.add("reason", refused.getKey().name()),
          refused.getValue());
    }
    for (Map.Entry<Stage, LatencyBuckets> latency : snapshot.latencies().entrySet()) {
      String stage = latency.getKey().name().toLowerCase(Locale.ROOT);
      families.latency(
          "nereid_" + stage + "_duration_seconds",
          "Time of answered requests: " + stage.replace('_', ' '),
          labels,
          latency.getValue());
    }
  }
}
