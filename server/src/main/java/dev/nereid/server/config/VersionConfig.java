package dev.nereid.server.config;

import dev.nereid.backend.Backend;
import dev.nereid.backend.ModelSpec;
import dev.nereid.protocol.ModelConfig;
import java.util.List;
import java.util.Map;

/**
 * All that a model version needs to be loaded and served.
 *
 * @param config complete and normalised, as the ModelConfig RPC answers it
 * @param backend that loads it
 * @param spec what the backend is given
 * @param batching what the scheduler is given
 * @param instances in the order of the groups; at least one that is not passive
 * @param inputReshapes from what clients send to what the engine reads, by input; only those that
 *     differ
 * @param outputReshapes from what the engine writes to what clients get, by output; only those that
 *     differ
 * @param labels of outputs that have a label file, by output; a class's index is its line
 */
public record VersionConfig(
    ModelConfig config,
    Backend backend,
    ModelSpec spec,
    BatchingConfig batching,
    List<PlannedInstance> instances,
    Map<String, Reshape> inputReshapes,
    Map<String, Reshape> outputReshapes,
    Map<String, List<String>> labels) {

  public VersionConfig {
    instances = List.copyOf(instances);
    inputReshapes = Map.copyOf(inputReshapes);
    outputReshapes = Map.copyOf(outputReshapes);
    labels = Map.copyOf(labels);
  }
}
