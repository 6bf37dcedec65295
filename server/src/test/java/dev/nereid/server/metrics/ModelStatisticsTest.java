package dev.nereid.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.server.metrics.StatisticsSnapshot.Stage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class ModelStatisticsTest {

  private final ModelStatistics statistics = new ModelStatistics(() -> 1234L);

  /**
   * An execution of requests of {@code rows} each, received at 0, queued at 10, taken at 110, and
   * 1000, 20000 and 300000 ns in the three stages.
   */
  private record Run(int requests, int rows, int failing, int batchSize) implements Execution {

    Run(int requests, int rows, int failing) {
      this(requests, rows, failing, requests * rows);
    }

    @Override
    public CloseReason closeReason() {
      return CloseReason.FULL;
    }

    @Override
    public long computeStartNanos() {
      return 110;
    }

    @Override
    public long inferStartNanos() {
      return 1_110;
    }

    @Override
    public long inferEndNanos() {
      return 21_110;
    }

    @Override
    public long computeEndNanos() {
      return 321_110;
    }

    @Override
    public int rows(int i) {
      return rows;
    }

    @Override
    public long receivedNanos(int i) {
      return 0;
    }

    @Override
    public long enqueuedNanos(int i) {
      return 10;
    }

    @Override
    public @Nullable FailureReason failure(int i) {
      return i < failing ? FailureReason.BACKEND : null;
    }
  }

  @Test
  void aFreshModelHasDoneNothing() {
    StatisticsSnapshot fresh = statistics.snapshot();
    assertThat(fresh.success()).isEqualTo(StageDuration.NONE);
    assertThat(fresh.lastInferenceEpochMillis()).isZero();
    assertThat(fresh.batches()).isEmpty();
    assertThat(fresh.failures()).containsOnlyKeys(FailureReason.values());
    assertThat(fresh.refusals()).containsOnlyKeys(Refusal.values());
    assertThat(fresh.closeReasons()).containsOnlyKeys(CloseReason.values());
    assertThat(fresh.latencies()).containsOnlyKeys(Stage.values());
    assertThat(fresh.queuedRequests()).isZero();
  }

  @Test
  void requestsCountRequestsAndInferencesCountRows() {
    statistics.recordExecution(new Run(3, 2, 0));

    StatisticsSnapshot counted = statistics.snapshot();
    assertThat(counted.success()).isEqualTo(new StageDuration(3, 3 * 321_110));
    assertThat(counted.queue()).isEqualTo(new StageDuration(3, 3 * 100));
    assertThat(counted.computeInput()).isEqualTo(new StageDuration(3, 3 * 1_000));
    assertThat(counted.computeInfer()).isEqualTo(new StageDuration(3, 3 * 20_000));
    assertThat(counted.computeOutput()).isEqualTo(new StageDuration(3, 3 * 300_000));
    assertThat(counted.inferenceCount()).isEqualTo(6);
    assertThat(counted.executionCount()).isEqualTo(1);
    assertThat(counted.lastInferenceEpochMillis()).isEqualTo(1234);
    assertThat(counted.batches())
        .containsOnlyKeys(6)
        .containsEntry(
            6,
            new BatchStatistics(
                new StageDuration(1, 1_000),
                new StageDuration(1, 20_000),
                new StageDuration(1, 300_000)));
  }

  @Test
  void requestsThatFailInABatchAreCountedApart() {
    statistics.recordExecution(new Run(3, 2, 1));

    StatisticsSnapshot counted = statistics.snapshot();
    assertThat(counted.success().count()).isEqualTo(2);
    assertThat(counted.fail()).isEqualTo(new StageDuration(1, 321_110));
    assertThat(counted.failures()).containsEntry(FailureReason.BACKEND, 1L);
    assertThat(counted.inferenceCount()).isEqualTo(4);
    assertThat(counted.batches()).containsOnlyKeys(6);
  }

  @Test
  void anExecutionThatAnsweredNobodyIsNone() {
    statistics.recordExecution(new Run(3, 2, 3));

    StatisticsSnapshot counted = statistics.snapshot();
    assertThat(counted.fail().count()).isEqualTo(3);
    assertThat(counted.executionCount()).isZero();
    assertThat(counted.batches()).isEmpty();
    assertThat(counted.lastInferenceEpochMillis()).isZero();
  }

  @Test
  void aModelWithoutABatchDimensionHasBatchSize0() {
    statistics.recordExecution(new Run(1, 1, 0, 0));

    assertThat(statistics.snapshot().batches()).containsOnlyKeys(0);
    assertThat(statistics.snapshot().inferenceCount()).isEqualTo(1);
  }

  @Test
  void latenciesLieInTheBucketThatReachesThem() {
    statistics.recordExecution(new Run(2, 1, 0));

    LatencyBuckets infer = of(Stage.COMPUTE_INFER);
    assertThat(infer.upperBoundsNanos()).startsWith(10_000, 20_000, 50_000).hasSize(21);
    assertThat(infer.upperBoundsNanos())
        .endsWith(10_000_000_000L, 20_000_000_000L, 50_000_000_000L);
    assertThat(infer.counts()).startsWith(0, 2, 0).hasSize(22);
    assertThat(infer.totalNanos()).isEqualTo(40_000);
    assertThat(infer.count()).isEqualTo(2);
    assertThat(of(Stage.QUEUE).counts()).startsWith(2, 0);
    assertThat(of(Stage.COMPUTE_OUTPUT).counts()).startsWith(0, 0, 0, 0, 0, 2, 0);
  }

  private LatencyBuckets of(Stage stage) {
    LatencyBuckets buckets = statistics.snapshot().latencies().get(stage);
    if (buckets == null) {
      throw new AssertionError(stage);
    }
    return buckets;
  }

  @Test
  void fromManyThreadsEveryCountIsExactAndEverySnapshotAddsUp() throws Exception {
    int threads = 4;
    int rounds = 20_000;
    AtomicBoolean done = new AtomicBoolean();
    List<String> torn = new ArrayList<>();
    Thread reader =
        new Thread(
            () -> {
              while (!done.get()) {
                StatisticsSnapshot s = statistics.snapshot();
                long executions =
                    s.batches().values().stream().mapToLong(BatchStatistics::executions).sum();
                long requests = s.success().count();
                if (executions != s.executionCount()
                    || requests != 2 * executions
                    || s.inferenceCount() != 3 * requests
                    || s.queue().count() != requests
                    || s.fail().count() != s.failures().values().stream().mapToLong(n -> n).sum()
                    || s.success().nanos() != requests * 321_110) {
                  torn.add(s.toString());
                }
              }
            });
    reader.start();
    List<Thread> writers = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      Thread writer =
          new Thread(
              () -> {
                for (int i = 0; i < rounds; i++) {
                  statistics.recordExecution(new Run(3, 3, 1));
                  statistics.recordRefusal(Refusal.QUEUE_FULL);
                  if (i % 2 == 0) {
                    statistics.recordFailure(FailureReason.REJECTED, 7);
                  }
                }
              });
      writers.add(writer);
      writer.start();
    }
    for (Thread writer : writers) {
      writer.join();
    }
    done.set(true);
    reader.join();

    assertThat(torn).isEmpty();
    long executions = (long) threads * rounds;
    StatisticsSnapshot counted = statistics.snapshot();
    assertThat(counted.executionCount()).isEqualTo(executions);
    assertThat(counted.success())
        .isEqualTo(new StageDuration(2 * executions, 2 * executions * 321_110));
    assertThat(counted.failures()).containsEntry(FailureReason.BACKEND, executions);
    assertThat(counted.failures()).containsEntry(FailureReason.REJECTED, executions / 2);
    assertThat(counted.fail())
        .isEqualTo(
            new StageDuration(executions * 3 / 2, executions * 321_110 + executions / 2 * 7));
    assertThat(counted.refusals()).containsEntry(Refusal.QUEUE_FULL, executions);
    assertThat(counted.closeReasons()).containsEntry(CloseReason.FULL, executions);
    assertThat(of(Stage.REQUEST).count()).isEqualTo(2 * executions);
  }
}
