package dev.nereid.server.metrics;

import java.util.Map;
import java.util.SortedMap;

/**
 * Everything counted for one model version, as it was at one moment between two executions.
 *
 * <ul>
 *   <li>{@code success}, {@code queue} and the three compute stages have the same count: requests
 *       answered.
 *   <li>{@code fail.count()} is the sum of {@code failures}.
 *   <li>{@code executionCount} is the sum of the executions in {@code batches} and of {@code
 *       closeReasons}.
 * </ul>
 *
 * @param lastInferenceEpochMillis 0 before the first
 * @param inferenceCount rows of requests answered (a request to a model without a batch dimension
 *     is one row)
 * @param executionCount executions that answered at least one request
 * @param batches by batch size, ascending; 0 where the model has no batch dimension
 * @param failures accepted requests that failed; every reason is present
 * @param refusals requests never accepted; every reason is present
 * @param closeReasons executions by why their batch was closed; every reason is present
 * @param latencies of requests answered, by stage; every stage is present
 * @param gpus the part of it that ran on each GPU, by UUID; none of what ran on the CPU, or never
 *     ran
 * @param queuedRequests that wait at this moment: {@code nv_inference_pending_request_count}
 * @param oldestQueuedAgeNanos 0 where none waits
 */
public record StatisticsSnapshot(
    long lastInferenceEpochMillis,
    long inferenceCount,
    long executionCount,
    StageDuration success,
    StageDuration fail,
    StageDuration queue,
    StageDuration computeInput,
    StageDuration computeInfer,
    StageDuration computeOutput,
    SortedMap<Integer, BatchStatistics> batches,
    Map<FailureReason, Long> failures,
    Map<Refusal, Long> refusals,
    Map<CloseReason, Long> closeReasons,
    Map<Stage, LatencyBuckets> latencies,
    SortedMap<String, DeviceStatistics> gpus,
    int queuedRequests,
    long oldestQueuedAgeNanos) {

  /** Everything of it that is counted by device, too. */
  DeviceStatistics whole() {
    return new DeviceStatistics(
        inferenceCount,
        executionCount,
        success,
        queue,
        computeInput,
        computeInfer,
        computeOutput,
        failures);
  }

  /** A part of a request's time here. */
  public enum Stage {
    /** From its last byte in to its answer handed out. */
    REQUEST,
    QUEUE,
    COMPUTE_INPUT,
    COMPUTE_INFER,
    COMPUTE_OUTPUT
  }
}
