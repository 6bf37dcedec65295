package dev.nereid.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The page of one model, checked against what a real Triton showed. */
class ModelCollectorTest {

  /** Families of a Triton 24.10 with a CPU model, in its words. */
  private static final Map<String, String> TRITONS =
      Map.ofEntries(
          entry(
              "nv_inference_request_success",
              "counter Number of successful inference requests, all batch sizes"),
          entry(
              "nv_inference_request_failure",
              "counter Number of failed inference requests, all batch sizes"),
          entry(
              "nv_inference_count",
              "counter Number of inferences performed (does not include cached requests)"),
          entry(
              "nv_inference_exec_count",
              "counter Number of model executions performed (does not include cached requests)"),
          entry(
              "nv_inference_request_duration_us",
              "counter Cumulative inference request duration in microseconds (includes cached"
                  + " requests)"),
          entry(
              "nv_inference_queue_duration_us",
              "counter Cumulative inference queuing duration in microseconds (includes cached"
                  + " requests)"),
          entry(
              "nv_inference_compute_input_duration_us",
              "counter Cumulative compute input duration in microseconds (does not include cached"
                  + " requests)"),
          entry(
              "nv_inference_compute_infer_duration_us",
              "counter Cumulative compute inference duration in microseconds (does not include"
                  + " cached requests)"),
          entry(
              "nv_inference_compute_output_duration_us",
              "counter Cumulative inference compute output duration in microseconds (does not"
                  + " include cached requests)"),
          entry(
              "nv_inference_pending_request_count",
              "gauge Instantaneous number of pending requests awaiting execution per-model."));

  private static final String M1 = "model=m, version=1";

  private final ModelStatistics statistics = new ModelStatistics(() -> 1_700_000_000_000L);
  private final ModelMeters meters = new ModelMeters("m", 1, statistics, 0.25);

  private static PrometheusPage page(boolean counterLatencies, ModelMeters... models) {
    ModelCollector collector = new ModelCollector(counterLatencies);
    for (ModelMeters model : models) {
      collector.add(model);
    }
    return PrometheusPage.parse(new MetricsPage(collector).text());
  }

  /** Two requests of 3 and 1 rows, queued 2 and 1 ms, in a batch that took 10 + 20 + 30 ms. */
  private record TwoRequests(@Nullable FailureReason second, String gpuUuid) implements Execution {

    TwoRequests(@Nullable FailureReason second) {
      this(second, "");
    }

    @Override
    public int batchSize() {
      return 4;
    }

    @Override
    public CloseReason closeReason() {
      return CloseReason.FULL;
    }

    @Override
    public long computeStartNanos() {
      return 10_000_000;
    }

    @Override
    public long inferStartNanos() {
      return 20_000_000;
    }

    @Override
    public long inferEndNanos() {
      return 40_000_000;
    }

    @Override
    public long computeEndNanos() {
      return 70_000_000;
    }

    @Override
    public int requests() {
      return 2;
    }

    @Override
    public int rows(int i) {
      return i == 0 ? 3 : 1;
    }

    @Override
    public long receivedNanos(int i) {
      return 7_000_000;
    }

    @Override
    public long enqueuedNanos(int i) {
      return i == 0 ? 8_000_000 : 9_000_000;
    }

    @Override
    public @Nullable FailureReason failure(int i) {
      return i == 0 ? null : second;
    }
  }

  @Test
  void familiesAreTritonsToTheLetter() {
    PrometheusPage page = page(true, meters);
    Map<String, String> shown =
        page.types().entrySet().stream()
            .filter(family -> family.getKey().startsWith("nv_"))
            .collect(
                Collectors.toMap(
                    Map.Entry::getKey,
                    family -> family.getValue() + " " + page.help().get(family.getKey())));
    Map<String, String> expected = new TreeMap<>(TRITONS);
    expected.put("nv_model_load_duration_secs", "gauge Model load time in seconds");
    assertThat(shown).containsExactlyInAnyOrderEntriesOf(expected);
  }

  @Test
  void everyFailureReasonIsThereFromTheStart() {
    PrometheusPage page = page(true, meters);
    for (String reason : new String[] {"REJECTED", "CANCELED", "BACKEND", "OTHER"}) {
      assertThat(
              page.value(
                  "nv_inference_request_failure", "model=m, reason=" + reason + ", version=1"))
          .isZero();
    }
  }

  @Test
  void anExecutionIsCountedInTritonsUnits() {
    statistics.recordExecution(new TwoRequests(null));
    PrometheusPage page = page(true, meters);
    assertThat(page.value("nv_inference_request_success", M1)).isEqualTo(2);
    assertThat(page.value("nv_inference_count", M1)).isEqualTo(4);
    assertThat(page.value("nv_inference_exec_count", M1)).isEqualTo(1);
    assertThat(page.value("nv_inference_request_duration_us", M1)).isEqualTo(2 * 63_000);
    assertThat(page.value("nv_inference_queue_duration_us", M1)).isEqualTo(2_000 + 1_000);
    assertThat(page.value("nv_inference_compute_input_duration_us", M1)).isEqualTo(2 * 10_000);
    assertThat(page.value("nv_inference_compute_infer_duration_us", M1)).isEqualTo(2 * 20_000);
    assertThat(page.value("nv_inference_compute_output_duration_us", M1)).isEqualTo(2 * 30_000);
    assertThat(page.value("nv_model_load_duration_secs", M1)).isEqualTo(0.25);
  }

  @Test
  void oursAreInSecondsAndRows() {
    statistics.recordExecution(new TwoRequests(null));
    PrometheusPage page = page(true, meters);
    assertThat(page.value("nereid_request_duration_seconds_count", M1)).isEqualTo(2);
    assertThat(page.value("nereid_request_duration_seconds_sum", M1)).isEqualTo(0.126);
    assertThat(page.value("nereid_queue_duration_seconds_bucket", "le=0.001, " + M1)).isEqualTo(1);
    assertThat(page.value("nereid_queue_duration_seconds_bucket", "le=0.002, " + M1)).isEqualTo(2);
    assertThat(page.value("nereid_compute_infer_duration_seconds_sum", M1)).isEqualTo(0.04);
    assertThat(page.value("nereid_batch_rows_bucket", "le=2, " + M1)).isZero();
    assertThat(page.value("nereid_batch_rows_bucket", "le=4, " + M1)).isEqualTo(1);
    assertThat(page.value("nereid_batch_rows_sum", M1)).isEqualTo(4);
    assertThat(page.value("nereid_batches_closed_total", "model=m, reason=FULL, version=1"))
        .isEqualTo(1);
    assertThat(page.value("nereid_batches_closed_total", "model=m, reason=DELAY, version=1"))
        .isZero();
  }

  @Test
  void failuresAreCountedByReasonAndNotAsSuccess() {
    statistics.recordExecution(new TwoRequests(FailureReason.BACKEND));
    statistics.recordFailure(FailureReason.REJECTED, 5_000);
    PrometheusPage page = page(true, meters);
    assertThat(page.value("nv_inference_request_success", M1)).isEqualTo(1);
    assertThat(page.value("nv_inference_request_failure", "model=m, reason=BACKEND, version=1"))
        .isEqualTo(1);
    assertThat(page.value("nv_inference_request_failure", "model=m, reason=REJECTED, version=1"))
        .isEqualTo(1);
  }

  @Test
  void whatRanOnAGpuHasItsUuidAndTheRestHasNone() {
    statistics.countBy("GPU-a");
    statistics.countBy("GPU-b");
    statistics.recordExecution(new TwoRequests(null, "GPU-a"));
    statistics.recordExecution(new TwoRequests(FailureReason.BACKEND, "GPU-a"));
    statistics.recordExecution(new TwoRequests(null));
    statistics.recordFailure(FailureReason.REJECTED, 5_000);
    PrometheusPage page = page(true, meters);

    String a = "gpu_uuid=GPU-a, " + M1;
    String b = "gpu_uuid=GPU-b, " + M1;
    assertThat(page.value("nv_inference_request_success", a)).isEqualTo(3);
    assertThat(page.value("nv_inference_request_success", b)).isZero();
    assertThat(page.value("nv_inference_request_success", M1)).isEqualTo(2);
    assertThat(page.value("nv_inference_count", a)).isEqualTo(7);
    assertThat(page.value("nv_inference_exec_count", a)).isEqualTo(2);
    assertThat(page.value("nv_inference_exec_count", M1)).isEqualTo(1);
    assertThat(page.value("nv_inference_request_duration_us", a)).isEqualTo(3 * 63_000);
    assertThat(page.value("nv_inference_queue_duration_us", a)).isEqualTo(3_000 + 2_000);
    assertThat(page.value("nv_inference_compute_input_duration_us", a)).isEqualTo(3 * 10_000);
    assertThat(page.value("nv_inference_compute_infer_duration_us", a)).isEqualTo(3 * 20_000);
    assertThat(page.value("nv_inference_compute_output_duration_us", a)).isEqualTo(3 * 30_000);
    assertThat(failures(page, "BACKEND", "gpu_uuid=GPU-a, ")).isEqualTo(1);
    assertThat(failures(page, "BACKEND", "")).isZero();
    assertThat(failures(page, "REJECTED", "gpu_uuid=GPU-b, ")).isZero();
    assertThat(failures(page, "REJECTED", "")).isEqualTo(1);
    // What belongs to the model as a whole.
    assertThat(page.value("nv_inference_pending_request_count", M1)).isZero();
    assertThat(page.value("nereid_request_duration_seconds_count", M1)).isEqualTo(5);
    assertThat(statistics.snapshot().success().count()).isEqualTo(5);
  }

  private static double failures(PrometheusPage page, String reason, String gpu) {
    return page.value(
        "nv_inference_request_failure", gpu + "model=m, reason=" + reason + ", version=1");
  }

  @Test
  void refusalsAreOursAlone() {
    statistics.recordRefusal(Refusal.QUEUE_FULL);
    PrometheusPage page = page(true, meters);
    assertThat(page.value("nereid_requests_refused_total", "model=m, reason=QUEUE_FULL, version=1"))
        .isEqualTo(1);
    assertThat(page.samples().entrySet())
        .filteredOn(series -> series.getKey().startsWith("nv_inference_request_failure"))
        .extracting(Map.Entry::getValue)
        .containsOnly(0.0);
  }

  @Test
  void theQueueIsReadWhenThePageIs() {
    statistics.attachQueue(
        new QueueGauges() {
          @Override
          public int queuedRequests() {
            return 7;
          }

          @Override
          public long oldestQueuedAgeNanos() {
            return 1_500_000_000;
          }
        });
    PrometheusPage page = page(true, meters);
    assertThat(page.value("nv_inference_pending_request_count", M1)).isEqualTo(7);
    assertThat(page.value("nereid_queue_requests", M1)).isEqualTo(7);
    assertThat(page.value("nereid_queue_oldest_age_seconds", M1)).isEqualTo(1.5);
  }

  @Test
  void durationsCanBeTurnedOff() {
    assertThat(page(false, meters).types())
        .containsKey("nv_inference_count")
        .doesNotContainKeys("nv_inference_request_duration_us", "nv_inference_queue_duration_us");
  }

  @Test
  void versionsAreSeriesOfOneFamily() {
    PrometheusPage page =
        page(
            true,
            meters,
            new ModelMeters("m", 2, new ModelStatistics(), 1),
            new ModelMeters("a \"quoted\\name", 1, new ModelStatistics(), 1));
    assertThat(page.samples())
        .containsKeys(
            "nv_inference_count{model=m, version=1}",
            "nv_inference_count{model=m, version=2}",
            "nv_inference_count{model=a \"quoted\\name, version=1}");
  }

  @Test
  void metricTagsAreLabelsLedByAnUnderscore() {
    ModelMeters tagged =
        new ModelMeters("m", 1, Map.of("team", "vision", "2", "x"), new ModelStatistics(), 1);

    assertThat(new MetricsPageText(tagged).text())
        .contains(
            "nv_inference_count{_2=\"x\",_team=\"vision\",model=\"m\",version=\"1\"} 0\n",
            "nv_inference_request_failure{_2=\"x\",_team=\"vision\",model=\"m\","
                + "reason=\"OTHER\",version=\"1\"} 0\n");
  }

  @Test
  void aVersionThatIsGoneIsNotShown() {
    ModelCollector collector = new ModelCollector(true);
    MetricsPage page = new MetricsPage(collector);
    assertThat(page.text()).isEmpty();
    collector.add(meters);
    assertThat(page.text()).contains("nv_inference_count{model=\"m\",version=\"1\"} 0\n");
    collector.remove(meters);
    assertThat(page.text()).isEmpty();
  }

  @Test
  void seriesReadAsTritonsOwnTestsMatchThem() {
    assertThat(new MetricsPageText(meters).text())
        .contains(
            "nv_inference_request_failure{model=\"m\",reason=\"REJECTED\",version=\"1\"} 0\n");
  }

  private record MetricsPageText(ModelMeters meters) {
    String text() {
      ModelCollector collector = new ModelCollector(true);
      collector.add(meters);
      return new MetricsPage(collector).text();
    }
  }
}
