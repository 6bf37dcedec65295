package dev.nereid.server.repository;

import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.server.metrics.ModelMeters;
import dev.nereid.server.scheduling.Scheduler;
import java.util.List;

/**
 * A loaded version and all that has to be closed with it.
 *
 * @param instances passive ones too
 */
record ServingVersion(
    ModelVersion model, ModelMeters meters, LoadedModel loaded, List<ModelInstance> instances)
    implements AutoCloseable {

  ServingVersion {
    instances = List.copyOf(instances);
  }

  Scheduler scheduler() {
    return model.scheduler();
  }

  /** Finishes what is queued, then frees instances and model. Blocks. */
  @Override
  public void close() {
    scheduler().close();
    instances.forEach(ModelInstance::close);
    loaded.close();
  }
}
