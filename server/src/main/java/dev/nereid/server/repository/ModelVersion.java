package dev.nereid.server.repository;

import dev.nereid.protocol.ModelConfig;
import dev.nereid.server.config.ModelInterface;
import dev.nereid.server.memory.TensorSource;
import dev.nereid.server.metrics.ModelStatistics;
import dev.nereid.server.scheduling.Scheduler;
import java.util.Set;

/**
 * One version of a model that is READY. Thread-safe.
 *
 * @param config complete: defaults filled, auto-completed, normalised
 * @param signature what it takes and gives, of that config
 * @param memory where its requests' tensors are to be put
 * @param devices the GPUs, by index, in whose own memory an instance of it uses tensors where they
 *     lie
 */
public record ModelVersion(
    String name,
    long version,
    ModelConfig config,
    ModelInterface signature,
    Scheduler scheduler,
    TensorSource memory,
    Set<Integer> devices,
    ModelStatistics statistics) {

  public ModelVersion {
    devices = Set.copyOf(devices);
  }
}
