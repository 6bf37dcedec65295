package dev.nereid.bench.target;

import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A model's counters as ModelStatistics gives them, or the difference of two readings.
 *
 * @param rows rows inferred ({@code inference_count})
 * @param executions batches run ({@code execution_count})
 * @param success requests answered and their total time in the server
 * @param fail requests that failed
 * @param queue time in the queue
 * @param input time gathering inputs
 * @param infer time in the model
 * @param output time scattering outputs
 * @param batches executions and their time by batch size in rows
 */
public record StatisticsSnapshot(
    long rows,
    long executions,
    Total success,
    Total fail,
    Total queue,
    Total input,
    Total infer,
    Total output,
    SortedMap<Long, Total> batches) {

  /** A count and the nanoseconds that they took together. */
  public record Total(long count, long nanos) {
    public static final Total NONE = new Total(0, 0);

    /** Mean in nanoseconds; 0 where nothing was counted. */
    public double meanNanos() {
      return count == 0 ? 0 : (double) nanos / count;
    }

    Total minus(Total other) {
      return new Total(count - other.count, nanos - other.nanos);
    }

    /** Both counts and both times. */
    public Total plus(Total other) {
      return new Total(count + other.count, nanos + other.nanos);
    }

    boolean isNegative() {
      return count < 0 || nanos < 0;
    }
  }

  /**
   * What happened after {@code before}.
   *
   * @return empty where a counter went back: the server restarted or the model was reloaded between
   */
  public Optional<StatisticsSnapshot> since(StatisticsSnapshot before) {
    SortedMap<Long, Total> batchDelta = new TreeMap<>();
    boolean back = false;
    for (Map.Entry<Long, Total> entry : batches.entrySet()) {
      Total delta = entry.getValue().minus(before.batches.getOrDefault(entry.getKey(), Total.NONE));
      back |= delta.isNegative();
      if (delta.count() > 0) {
        batchDelta.put(entry.getKey(), delta);
      }
    }
    StatisticsSnapshot delta =
        new StatisticsSnapshot(
            rows - before.rows,
            executions - before.executions,
            success.minus(before.success),
            fail.minus(before.fail),
            queue.minus(before.queue),
            input.minus(before.input),
            infer.minus(before.infer),
            output.minus(before.output),
            batchDelta);
    back |= delta.rows < 0 || delta.executions < 0 || delta.success.isNegative();
    back |= delta.fail.isNegative() || delta.queue.isNegative() || delta.infer.isNegative();
    return back ? Optional.empty() : Optional.of(delta);
  }
}
