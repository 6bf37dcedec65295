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
  private long inferenceCount;

  @GuardedBy("lock")
  private long executionCount;

  @GuardedBy("lock")
  private final Total success = new Total();

  @GuardedBy("lock")
  private final Total fail = new Total();

  @GuardedBy("lock")
  private final Total queue = new Total();

  @GuardedBy("lock")
  private final Total computeInput = new Total();

  @GuardedBy("lock")
  private final Total computeInfer = new Total();

  @GuardedBy("lock")
  private final Total computeOutput = new Total();

  @GuardedBy("lock")
  private final TreeMap<Integer, BatchTotals> batches = new TreeMap<>();

  @GuardedBy("lock")
  private final Map<FailureReason, Total> failures = each(FailureReason.class, Total::new);

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
      for (int i = 0; i < execution.requests(); i++) {
        long requestNanos = computeEnd - execution.receivedNanos(i);
        FailureReason failure = execution.failure(i);
        if (failure != null) {
          addFailure(failure, requestNanos);
          continue;
        }
        long queueNanos = computeStart - execution.enqueuedNanos(i);
        answered++;
        inferenceCount += execution.rows(i);
        success.add(requestNanos);
        queue.add(queueNanos);
        computeInput.add(inputNanos);
        computeInfer.add(inferNanos);
        computeOutput.add(outputNanos);
        of(latencies, Stage.REQUEST).record(requestNanos);
        of(latencies, Stage.QUEUE).record(queueNanos);
        of(latencies, Stage.COMPUTE_INPUT).record(inputNanos);
        of(latencies, Stage.COMPUTE_INFER).record(inferNanos);
        of(latencies, Stage.COMPUTE_OUTPUT).record(outputNanos);
      }
      if (answered == 0) {
        return;
      }
      executionCount++;
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
      EnumMap<FailureReason, Long> failed = new EnumMap<>(FailureReason.class);
      failures.forEach((reason, total) -> failed.put(reason, total.count));
      EnumMap<CloseReason, Long> closed = new EnumMap<>(CloseReason.class);
      closeReasons.forEach((reason, total) -> closed.put(reason, total.count));
      EnumMap<Stage, LatencyBuckets> buckets = new EnumMap<>(Stage.class);
      latencies.forEach((stage, histogram) -> buckets.put(stage, histogram.snapshot()));
      return new StatisticsSnapshot(
          lastInferenceEpochMillis,
          inferenceCount,
          executionCount,
          success.snapshot(),
          fail.snapshot(),
          queue.snapshot(),
          computeInput.snapshot(),
          computeInfer.snapshot(),
          computeOutput.snapshot(),
          Collections.unmodifiableSortedMap(batchCopy),
          Collections.unmodifiableMap(failed),
          Collections.unmodifiableMap(refused),
          Collections.unmodifiableMap(closed),
          Collections.unmodifiableMap(buckets),
          queuedRequests,
          oldestQueuedAgeNanos);
    }
  }

  @GuardedBy("lock")
  private void addFailure(FailureReason reason, long requestNanos) {
    fail.add(requestNanos);
    of(failures, reason).add(requestNanos);
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
