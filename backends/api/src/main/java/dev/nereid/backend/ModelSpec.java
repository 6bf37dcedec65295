package dev.nereid.backend;

import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * A model version with its configuration complete.
 *
 * @param source where it lies
 * @param maxBatchSize rows of the largest batch; 0 where the model has no batch dimension
 * @param inputs as the engine sees them, with the batch dimension as -1 where there is one
 * @param outputs likewise; those the config lists, which may be fewer than the file has
 * @param instances how many instances will be made in all
 * @param graphOptimizationLevel {@code optimization.graph.level}, where the config says it
 * @param accelerators {@code optimization.execution_accelerators}, in the config's order
 */
public record ModelSpec(
    ModelSource source,
    int maxBatchSize,
    List<TensorSpec> inputs,
    List<TensorSpec> outputs,
    int instances,
    OptionalInt graphOptimizationLevel,
    List<Accelerator> accelerators) {

  public ModelSpec {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    accelerators = List.copyOf(accelerators);
  }

  /** Whether requests carry a batch dimension. */
  public boolean isBatching() {
    return maxBatchSize > 0;
  }

  /** One execution accelerator, for the kind of device it is listed under. */
  public record Accelerator(InstanceKind kind, String name, Map<String, String> parameters) {
    public Accelerator {
      parameters = Map.copyOf(parameters);
    }
  }
}
