package dev.nereid.server.config;

import dev.nereid.protocol.ModelConfig;
import dev.nereid.protocol.ModelDynamicBatching;
import dev.nereid.protocol.ModelOptimizationPolicy;
import dev.nereid.protocol.ModelOptimizationPolicy.PinnedMemoryBuffer;

/** What a config means where it says nothing: Triton's {@code NormalizeModelConfig}. */
final class Defaults {

  private static final int LATEST_VERSIONS = 1;

  private Defaults() {}

  /**
   * Fills in what does not depend on the backend or on the model's file. Doing it again changes
   * nothing, but for preferred sizes once {@code max_batch_size} is known.
   */
  static void fill(ModelConfig.Builder config) {
    if (!config.hasVersionPolicy()) {
      config.getVersionPolicyBuilder().getLatestBuilder().setNumVersions(LATEST_VERSIONS);
    }
    if (config.hasDynamicBatching()) {
      ModelDynamicBatching.Builder batching = config.getDynamicBatchingBuilder();
      if (batching.getPreferredBatchSizeCount() == 0 && config.getMaxBatchSize() > 0) {
        batching.addPreferredBatchSize(config.getMaxBatchSize());
      }
    }
    ModelOptimizationPolicy.Builder optimization = config.getOptimizationBuilder();
    PinnedMemoryBuffer enabled = PinnedMemoryBuffer.newBuilder().setEnable(true).build();
    if (!optimization.hasInputPinnedMemory()) {
      optimization.setInputPinnedMemory(enabled);
    }
    if (!optimization.hasOutputPinnedMemory()) {
      optimization.setOutputPinnedMemory(enabled);
    }
  }
}
