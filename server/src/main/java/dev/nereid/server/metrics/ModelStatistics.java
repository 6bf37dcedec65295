package dev.nereid.server.metrics;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.nereid.server.metrics.StatisticsSnapshot.Stage;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What one model version has done, counted exactly. The statistics RPC and the {@code
 * nv_inference_*} families both read it, so they cannot disagree.
 *
 * <ul>
 *   <li>Thread-safe. An execution is one critical section for all its requests, so the lock is
 *       taken once a batch, and a snapshot never shows half of one.
 *   <li>Whoever records does so before the client is told: a client that has its answer finds it
 *       counted.
 *   <li>Refusals do not take the lock: they come from the event loops, fastest when the server is
 *       already overloaded.
 * </ul>
 *
 * @see StatisticsSnapshot
 */
public final class ModelStatistics {

  private static final QueueGauges NO_QUEUE =
      new QueueGauges() {
        @Override
        public int queuedRequests() {
          return 0;
        }

        @Override
        public long oldestQueuedAgeNanos() {
          return 0;
        }
      };

  private final LongSupplier epochMillis;
  private final Map<Refusal, LongAdder> refusals = each(Refusal.class, LongAdder::new);
  private volatile QueueGauges queueGauges = NO_QUEUE;

  private final Object lock = new Object();

  @GuardedBy("lock")
  private long lastInferenceEpochMillis;

  @GuardedBy("lock")
  private final DeviceTotals all = new DeviceTotals();

  /** By UUID; the part of {@link #all} that ran on each. */
  @GuardedBy("lock")
  private final TreeMap<String, DeviceTotals> gpus = new TreeMap<>();

  @GuardedBy("lock")
  private final Total fail = new Total();

  @GuardedBy("lock")
  private final TreeMap<Integer, BatchTotals> batches = new TreeMap<>();

  @GuardedBy("lock")
  private final Map<CloseReason, Total> closeReasons = each(CloseReason.class, Total::new);

  @GuardedBy("lock")
  private final Map<Stage, LatencyHistogram> latencies = each(Stage.class, LatencyHistogram::new);

  public ModelStatistics() {
    this(System::currentTimeMillis);
  }

  /**
   * @param epochMillis the wall clock, for {@code last_inference}
   */
  public ModelStatistics(LongSupplier epochMillis) {
    this.epochMillis = epochMillis;
  }

  /** Where snapshots read the queue from; called once, by the scheduler. */
  public void attachQueue(QueueGauges gauges) {
    queueGauges = gauges;
  }

  /** Shows a GPU from the start, though nothing has run on it yet. */
  public void countBy(String gpuUuid) {
    synchronized (lock) {
      gpus.putIfAbsent(gpuUuid, new DeviceTotals());
    }
  }

  /**
   * Counts one execution and every request of it. An execution that answered nobody counts its
   * failures only, as in Triton.
   */
  public void recordExecution(Execution execution) {
    long computeStart = execution.computeStartNanos();
    long inferStart = execution.inferStartNanos();
    long inferEnd = execution.inferEndNanos();
    long computeEnd = execution.computeEndNanos();
    long inputNanos = inferStart - computeStart;
    long inferNanos = inferEnd - inferStart;
    long outputNanos = computeEnd - inferEnd;
    int answered = 0;
    synchronized (lock) {
      String uuid = execution.gpuUuid();
      @Nullable DeviceTotals gpu =
          uuid.isEmpty() ? null : gpus.computeIfAbsent(uuid, each -> new DeviceTotals());
      for (int i = 0; i < execution.requests(); i++) {
        long requestNanos = computeEnd - execution.receivedNanos(i);
        FailureReason failure = execution.failure(i);
        if (failure != null) {
          addFailure(failure, requestNanos);
          if (gpu != null) {
            of(gpu.failures, failure).add(requestNanos);
          }
          continue;
        }
        long queueNanos = computeStart - execution.enqueuedNanos(i);
        answered++;
        int rows = execution.rows(i);
        all.add(rows, requestNanos, queueNanos, inputNanos, inferNanos, outputNanos);
        if (gpu != null) {
          gpu.add(rows, requestNanos, queueNanos, inputNanos, inferNanos, outputNanos);
        }
        of(latencies, Stage.REQUEST).record(requestNanos);
        of(latencies, Stage.QUEUE).record(queueNanos);
        of(latencies, Stage.COMPUTE_INPUT).record(inputNanos);
        of(latencies, Stage.COMPUTE_INFER).record(inferNanos);
        of(latencies, Stage.COMPUTE_OUTPUT).record(outputNanos);
      }
      if (answered == 0) {
        return;
      }
      all.executionCount++;
      if (gpu != null) {
        gpu.executionCount++;
      }
      of(closeReasons, execution.closeReason()).add(computeEnd - computeStart);
      lastInferenceEpochMillis = Math.max(lastInferenceEpochMillis, epochMillis.getAsLong());
      BatchTotals batch = batches.computeIfAbsent(execution.batchSize(), size -> new BatchTotals());
      batch.input.add(inputNanos);
      batch.infer.add(inferNanos);
      batch.output.add(outputNanos);
    }
  }

  /**
   * Counts a request that was accepted and failed without being executed.
   *
   * @param requestNanos since its last byte had come
   */
  public void recordFailure(FailureReason reason, long requestNanos) {
    synchronized (lock) {
      addFailure(reason, requestNanos);
    }
  }

  /** Counts a request that was never accepted. */
  public void recordRefusal(Refusal reason) {
    of(refusals, reason).increment();
  }

  /** Everything, between two executions. */
  public StatisticsSnapshot snapshot() {
    QueueGauges gauges = queueGauges;
    int queuedRequests = gauges.queuedRequests();
    long oldestQueuedAgeNanos = gauges.oldestQueuedAgeNanos();
    EnumMap<Refusal, Long> refused = new EnumMap<>(Refusal.class);
    refusals.forEach((reason, count) -> refused.put(reason, count.sum()));
    synchronized (lock) {
      SortedMap<Integer, BatchStatistics> batchCopy = new TreeMap<>();
      batches.forEach((size, totals) -> batchCopy.put(size, totals.snapshot()));
      DeviceStatistics whole = all.snapshot();
      SortedMap<String, DeviceStatistics> byGpu = new TreeMap<>();
      gpus.forEach((uuid, totals) -> byGpu.put(uuid, totals.snapshot()));
      EnumMap<CloseReason, Long> closed = new EnumMap<>(CloseReason.class);
      closeReasons.forEach((reason, total) -> closed.put(reason, total.count));
      EnumMap<Stage, LatencyBuckets> buckets = new EnumMap<>(Stage.class);
      latencies.forEach((stage, histogram) -> buckets.put(stage, histogram.snapshot()));
      return new StatisticsSnapshot(
          lastInferenceEpochMillis,
          whole.inferenceCount(),
          whole.executionCount(),
          whole.success(),
          fail.snapshot(),
          whole.queue(),
          whole.computeInput(),
          whole.computeInfer(),
          whole.computeOutput(),
          Collections.unmodifiableSortedMap(batchCopy),
          whole.failures(),
          Collections.unmodifiableMap(refused),
          Collections.unmodifiableMap(closed),
          Collections.unmodifiableMap(buckets),
          Collections.unmodifiableSortedMap(byGpu),
          queuedRequests,
          oldestQueuedAgeNanos);
    }
  }

  @GuardedBy("lock")
  private void addFailure(FailureReason reason, long requestNanos) {
    fail.add(requestNanos);
    of(all.failures, reason).add(requestNanos);
  }

  private static <K extends Enum<K>, V> Map<K, V> each(Class<K> keys, Supplier<V> value) {
    EnumMap<K, V> map = new EnumMap<>(keys);
    for (K key : keys.getEnumConstants()) {
      map.put(key, value.get());
    }
    return map;
  }

  /** The value of a key that {@link #each} put in. */
  private static <K, V> V of(Map<K, V> map, K key) {
    return Objects.requireNonNull(map.get(key));
  }

  /** A count and a time that grow. */
  private static final class Total {
    private long count;
    private long nanos;

    void add(long moreNanos) {
      count++;
      nanos += moreNanos;
    }

    StageDuration snapshot() {
      return new StageDuration(count, nanos);
    }
  }

  /** What is counted by device, or in all. */
  private static final class DeviceTotals {
    private long inferenceCount;
    private long executionCount;
    private final Total success = new Total();
    private final Total queue = new Total();
    private final Total input = new Total();
    private final Total infer = new Total();
    private final Total output = new Total();
    private final Map<FailureReason, Total> failures = each(FailureReason.class, Total::new);

    void add(
        int rows,
        long requestNanos,
        long queueNanos,
        long inputNanos,
        long inferNanos,
        long outputNanos) {
      inferenceCount += rows;
      success.add(requestNanos);
      queue.add(queueNanos);
      input.add(inputNanos);
      infer.add(inferNanos);
      output.add(outputNanos);
    }

    DeviceStatistics snapshot() {
      EnumMap<FailureReason, Long> failed = new EnumMap<>(FailureReason.class);
      failures.forEach((reason, total) -> failed.put(reason, total.count));
      return new DeviceStatistics(
          inferenceCount,
          executionCount,
          success.snapshot(),
          queue.snapshot(),
          input.snapshot(),
          infer.snapshot(),
          output.snapshot(),
          failed);
    }
  }

  /** The executions of one batch size. */
  private static final class BatchTotals {
    private final Total input = new Total();
    private final Total infer = new Total();
    private final Total output = new Total();

    BatchStatistics snapshot() {
      return new BatchStatistics(input.snapshot(), infer.snapshot(), output.snapshot());
    }
  }
}
