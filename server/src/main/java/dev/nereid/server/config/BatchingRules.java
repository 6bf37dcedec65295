package dev.nereid.server.config;

import static java.util.concurrent.TimeUnit.DAYS;
import static java.util.concurrent.TimeUnit.MICROSECONDS;

import dev.nereid.protocol.ModelConfigOrBuilder;
import dev.nereid.protocol.ModelDynamicBatching;
import dev.nereid.protocol.ModelQueuePolicy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What {@code max_batch_size} and {@code dynamic_batching} may say, and what they say to the
 * scheduler. The texts are Triton's.
 *
 * <p>The proto's numbers are unsigned; delays, timeouts and queue sizes beyond Java's signed range
 * become the largest there is, levels stay unsigned.
 */
final class BatchingRules {

  /** A century: twice as much on top of the time would overflow a clock in nanoseconds. */
  private static final long LONGEST_DELAY_NANOS = DAYS.toNanos(36_500);

  private static final String BATCHING = "dynamic_batching";

  private static final Logger log = LoggerFactory.getLogger(BatchingRules.class);

  private BatchingRules() {}

  /** Checks sizes, levels and what {@code preserve_ordering} goes with. */
  static void check(ConfigText text, ModelConfigOrBuilder config) throws ConfigException {
    String model = config.getName();
    if (config.getMaxBatchSize() < 0) {
      throw text.fail("'max_batch_size' must be non-negative value for " + model, "max_batch_size");
    }
    if (!config.hasDynamicBatching()) {
      return;
    }
    ModelDynamicBatching batching = config.getDynamicBatching();
    for (int i = 0; i < batching.getPreferredBatchSizeCount(); i++) {
      Object[] field = {BATCHING, "preferred_batch_size", i};
      if (batching.getPreferredBatchSize(i) <= 0) {
        throw text.fail("dynamic batching preferred size must be positive for " + model, field);
      }
      if (batching.getPreferredBatchSize(i) > config.getMaxBatchSize()) {
        throw text.fail(
            "dynamic batching preferred size must be <= max batch size for " + model, field);
      }
    }
    long levels = batching.getPriorityLevels();
    if (levels != 0) {
      String range = "range [1, " + Long.toUnsignedString(levels) + "] for " + model;
      if (!isLevel(batching.getDefaultPriorityLevel(), levels)) {
        throw text.fail(
            "default priority level must be in " + range, BATCHING, "default_priority_level");
      }
      for (long level : batching.getPriorityQueuePolicyMap().keySet()) {
        if (!isLevel(level, levels)) {
          throw text.fail(
              "priority queue policy must have priority level in " + range,
              BATCHING,
              "priority_queue_policy");
        }
      }
    }
    if (batching.getPreserveOrdering()) {
      checkOrdering(text, batching, model);
    }
  }

  private static boolean isLevel(long level, long levels) {
    return level != 0 && Long.compareUnsigned(level, levels) <= 0;
  }

  private static void checkOrdering(ConfigText text, ModelDynamicBatching batching, String model)
      throws ConfigException {
    if (Long.compareUnsigned(batching.getPriorityLevels(), 1) > 0) {
      throw text.fail(
          "Only one priority level is allowed when 'preserve_ordering' is true for " + model,
          BATCHING,
          "priority_levels");
    }
    if (delays(batching.getDefaultQueuePolicy())
        || batching.getPriorityQueuePolicyMap().values().stream().anyMatch(BatchingRules::delays)) {
      throw text.fail(
          "Queue policy can not have DELAY as timeout action when 'preserve_ordering' is true for "
              + model,
          BATCHING,
          "preserve_ordering");
    }
  }

  private static boolean delays(ModelQueuePolicy policy) {
    return policy.getDefaultTimeoutMicroseconds() != 0
        && policy.getTimeoutAction() == ModelQueuePolicy.TimeoutAction.DELAY;
  }

  /** For the scheduler; {@code config} is complete and checked. */
  static BatchingConfig derive(ModelConfigOrBuilder config) {
    if (!config.hasDynamicBatching()) {
      return BatchingConfig.unbatched(config.getName(), config.getMaxBatchSize());
    }
    ModelDynamicBatching batching = config.getDynamicBatching();
    boolean levels = batching.getPriorityLevels() != 0;
    Map<Long, QueuePolicy> policies = new HashMap<>();
    if (levels) {
      batching.getPriorityQueuePolicyMap().forEach((level, p) -> policies.put(level, policy(p)));
    } else if (batching.getPriorityQueuePolicyCount() > 0) {
      log.warn(
          "Model '{}': priority_queue_policy has no effect, since priority_levels is 0",
          config.getName());
    }
    List<Integer> preferred =
        batching.getPreferredBatchSizeList().stream().distinct().sorted().toList();
    return new BatchingConfig(
        config.getName(),
        config.getMaxBatchSize(),
        true,
        preferred,
        Math.min(
            LONGEST_DELAY_NANOS,
            MICROSECONDS.toNanos(saturated(batching.getMaxQueueDelayMicroseconds()))),
        batching.getPreserveOrdering(),
        batching.getPriorityLevels(),
        levels ? batching.getDefaultPriorityLevel() : 0,
        policy(batching.getDefaultQueuePolicy()),
        policies,
        config.getOptimization().getEagerBatching());
  }

  private static QueuePolicy policy(ModelQueuePolicy policy) {
    int size = policy.getMaxQueueSize();
    return new QueuePolicy(
        policy.getTimeoutAction() == ModelQueuePolicy.TimeoutAction.DELAY
            ? QueuePolicy.TimeoutAction.DELAY
            : QueuePolicy.TimeoutAction.REJECT,
        saturated(policy.getDefaultTimeoutMicroseconds()),
        policy.getAllowTimeoutOverride(),
        size < 0 ? Integer.MAX_VALUE : size);
  }

  private static long saturated(long unsigned) {
    return unsigned < 0 ? Long.MAX_VALUE : unsigned;
  }
}
