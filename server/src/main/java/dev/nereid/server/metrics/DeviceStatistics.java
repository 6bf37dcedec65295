package dev.nereid.server.metrics;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * What Triton counts by device, of one model version: the series of {@code nv_inference_*} that
 * have one set of labels.
 *
 * @param failures every reason is present
 */
public record DeviceStatistics(
    long inferenceCount,
    long executionCount,
    StageDuration success,
    StageDuration queue,
    StageDuration computeInput,
    StageDuration computeInfer,
    StageDuration computeOutput,
    Map<FailureReason, Long> failures) {

  public DeviceStatistics {
    failures = Collections.unmodifiableMap(new EnumMap<>(failures));
  }

  /** What is left of a version without that GPU's part. */
  DeviceStatistics minus(DeviceStatistics part) {
    Map<FailureReason, Long> left = new EnumMap<>(FailureReason.class);
    failures.forEach(
        (reason, count) -> left.put(reason, count - part.failures.getOrDefault(reason, 0L)));
    return new DeviceStatistics(
        inferenceCount - part.inferenceCount,
        executionCount - part.executionCount,
        minus(success, part.success),
        minus(queue, part.queue),
        minus(computeInput, part.computeInput),
        minus(computeInfer, part.computeInfer),
        minus(computeOutput, part.computeOutput),
        left);
  }

  private static StageDuration minus(StageDuration whole, StageDuration part) {
    return new StageDuration(whole.count() - part.count(), whole.nanos() - part.nanos());
  }
}
