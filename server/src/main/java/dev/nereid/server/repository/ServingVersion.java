package dev.nereid.server.repository;

import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.server.metrics.ModelMeters;
import dev.nereid.server.scheduling.Scheduler;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A loaded version and all that has to be closed with it.
 *
 * @param instances passive ones too
 */
record ServingVersion(
    ModelVersion model, ModelMeters meters, LoadedModel loaded, List<ModelInstance> instances)
    implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ServingVersion.class);

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
    free(instances, loaded);
  }

  /** Frees instances, then their model, also where one of them fails to. */
  static void free(List<ModelInstance> instances, LoadedModel model) {
    instances.forEach(instance -> logged("An instance", instance::close));
    logged("A model", model::close);
  }

  private static void logged(String what, Runnable close) {
    try {
      close.run();
    } catch (RuntimeException | Error e) {
      log.error("{} did not close", what, e);
    }
  }
}
