package dev.nereid.server.metrics;

import org.jspecify.annotations.Nullable;

/**
 * One execution that has ended, as {@link ModelStatistics#recordExecution} reads it. Times are on
 * one monotonic clock and ascend in the order in which they are declared.
 */
public interface Execution {

  /** The key of {@code batch_stats}: rows, or 0 where the model has no batch dimension. */
  int batchSize();

  CloseReason closeReason();

  /** The GPU that it ran on; empty on the CPU. */
  default String gpuUuid() {
    return "";
  }

  /** When an instance took the batch: queueing ends, compute_input starts. */
  long computeStartNanos();

  /** When its inputs were in place: compute_infer starts. */
  long inferStartNanos();

  /** When its results were there: compute_output starts. */
  long inferEndNanos();

  /** When its outputs were cut apart, right before the first observer is told. */
  long computeEndNanos();

  /** Requests in it. */
  int requests();

  /** Rows of the i-th request; at least 1. */
  int rows(int i);

  /** When the last byte of the i-th request had come. */
  long receivedNanos(int i);

  /** When the i-th request was queued. */
  long enqueuedNanos(int i);

  /** Why the i-th request failed, or null if it was answered. */
  @Nullable FailureReason failure(int i);
}
