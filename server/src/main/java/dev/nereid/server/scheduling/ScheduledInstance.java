package dev.nereid.server.scheduling;

import dev.nereid.backend.ModelInstance;

/**
 * One instance for the scheduler to run. The scheduler does not close it: whoever made it does,
 * after {@link Scheduler#close}.
 *
 * @param name unique within the model version, as {@code resnet50_0_1}
 * @param passive whether it is made and never given a batch
 */
public record ScheduledInstance(String name, ModelInstance instance, boolean passive) {}
