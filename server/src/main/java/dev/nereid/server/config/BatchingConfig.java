package dev.nereid.server.config;

import java.util.List;
import java.util.Map;

/**
 * What the scheduler needs to know of a model's configuration.
 *
 * @param maxBatchSize rows of the largest batch; 0 where the model has no batch dimension
 * @param dynamic whether requests may share a batch; otherwise each runs alone (the default
 *     scheduler), without policies
 * @param preferredBatchSizes in rows, ascending, each within 1..maxBatchSize
 * @param maxQueueDelayNanos how long the oldest request may be held for a better batch; 0 for not
 *     at all
 * @param preserveOrdering whether answers leave in the order in which requests came
 * @param priorityLevels unsigned; 0 where there are none, 1 is served first
 * @param defaultPriorityLevel unsigned; of requests that name none or one out of range
 * @param priorityPolicies by level; a level that is missing has the default policy
 * @param eagerBatching whether an instance that can hold a batch more takes one that could still
 *     grow
 */
public record BatchingConfig(
    String modelName,
    int maxBatchSize,
    boolean dynamic,
    List<Integer> preferredBatchSizes,
    long maxQueueDelayNanos,
    boolean preserveOrdering,
    long priorityLevels,
    long defaultPriorityLevel,
    QueuePolicy defaultQueuePolicy,
    Map<Long, QueuePolicy> priorityPolicies,
    boolean eagerBatching) {

  public BatchingConfig {
    preferredBatchSizes = List.copyOf(preferredBatchSizes);
    priorityPolicies = Map.copyOf(priorityPolicies);
  }

  /** Without eager batching. */
  public BatchingConfig(
      String modelName,
      int maxBatchSize,
      boolean dynamic,
      List<Integer> preferredBatchSizes,
      long maxQueueDelayNanos,
      boolean preserveOrdering,
      long priorityLevels,
      long defaultPriorityLevel,
      QueuePolicy defaultQueuePolicy,
      Map<Long, QueuePolicy> priorityPolicies) {
    this(
        modelName,
        maxBatchSize,
        dynamic,
        preferredBatchSizes,
        maxQueueDelayNanos,
        preserveOrdering,
        priorityLevels,
        defaultPriorityLevel,
        defaultQueuePolicy,
        priorityPolicies,
        false);
  }

  /** The default scheduler: each request alone, first come first served, no bound. */
  public static BatchingConfig unbatched(String modelName, int maxBatchSize) {
    return new BatchingConfig(
        modelName, maxBatchSize, false, List.of(), 0, false, 0, 0, QueuePolicy.UNBOUNDED, Map.of());
  }
}
