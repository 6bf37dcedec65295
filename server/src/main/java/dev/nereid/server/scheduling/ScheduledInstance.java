package dev.nereid.server.scheduling;

import dev.nereid.backend.ModelInstance;

/**
 * One instance for the scheduler to run. The scheduler does not close it: whoever made it does,
 * after {@link Scheduler#close}.
 *
 * @param name unique within the model version, as {@code resnet50_0_1}
 * @param passive whether it is made and never given a batch
 * @param gpuUuid of its GPU, to count what it runs by; empty on the CPU
 * @param onThread run on its thread before anything else is
 */
public record ScheduledInstance(
    String name, ModelInstance instance, boolean passive, String gpuUuid, Runnable onThread) {

  /** On the CPU, on a thread that runs anywhere. */
  public ScheduledInstance(String name, ModelInstance instance, boolean passive) {
    this(name, instance, passive, "", () -> {});
  }
}
