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
 * @param preferredBatchSizes {@code dynamic_batching.preferred_batch_size}, ascending; empty where
 *     the model does not batch requests
 * @param instances those that will be made, passive ones too
 * @param graphOptimizationLevel {@code optimization.graph.level}, where the config says it
 * @param accelerators {@code optimization.execution_accelerators}, in the config's order
 * @param gpu the rest of {@code optimization}
 */
public record ModelSpec(
    ModelSource source,
    int maxBatchSize,
    List<Integer> preferredBatchSizes,
    List<TensorSpec> inputs,
    List<TensorSpec> outputs,
    List<InstanceSpec> instances,
    OptionalInt graphOptimizationLevel,
    List<Accelerator> accelerators,
    GpuOptions gpu) {

  public ModelSpec {
    preferredBatchSizes = List.copyOf(preferredBatchSizes);
    instances = List.copyOf(instances);
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    accelerators = List.copyOf(accelerators);
  }

  /** A model of one instance on the CPU, whose config has no {@code optimization}. */
  public static ModelSpec of(
      ModelSource source, int maxBatchSize, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return new ModelSpec(
        source,
        maxBatchSize,
        List.of(),
        inputs,
        outputs,
        List.of(new InstanceSpec(source.modelName() + "_0", InstanceKind.CPU, 0)),
        OptionalInt.empty(),
        List.of(),
        GpuOptions.DEFAULT);
  }

  /** The same model with other parameters in its config. */
  public ModelSpec withParameters(Map<String, String> parameters) {
    ModelSource other =
        new ModelSource(
            source.modelName(),
            source.version(),
            source.versionDirectory(),
            source.modelFilename(),
            parameters);
    return new ModelSpec(
        other,
        maxBatchSize,
        preferredBatchSizes,
        inputs,
        outputs,
        instances,
        graphOptimizationLevel,
        accelerators,
        gpu);
  }

  /**
   * Batches that an instance does best to hold at a time: one on the CPU; on a GPU two where at
   * most one other shares it, so that the next batch's inputs are on their way while one computes.
   * From three on instances overlap each other, and more batches only wait for the driver:
   * ResNet-50 at 16 rows on four instances of TensorRT with CUDA graphs does 35,800 images/s on an
   * H100 with one batch each, and 32,500 with two.
   */
  public int depth(InstanceSpec instance) {
    if (instance.kind() != InstanceKind.GPU) {
      return 1;
    }
    long there =
        instances.stream()
            .filter(other -> other.kind() == InstanceKind.GPU)
            .filter(other -> other.device() == instance.device())
            .count();
    return there < 3 ? 2 : 1;
  }

  /** The same model with other tensors in its config. */
  public ModelSpec withTensors(List<TensorSpec> otherInputs, List<TensorSpec> otherOutputs) {
    return new ModelSpec(
        source,
        maxBatchSize,
        preferredBatchSizes,
        otherInputs,
        otherOutputs,
        instances,
        graphOptimizationLevel,
        accelerators,
        gpu);
  }

  /** The same model with an {@code optimization.graph.level}. */
  public ModelSpec withGraphOptimizationLevel(OptionalInt level) {
    return new ModelSpec(
        source,
        maxBatchSize,
        preferredBatchSizes,
        inputs,
        outputs,
        instances,
        level,
        accelerators,
        gpu);
  }

  /** The same model with execution accelerators in its config. */
  public ModelSpec withAccelerators(Accelerator... others) {
    return new ModelSpec(
        source,
        maxBatchSize,
        preferredBatchSizes,
        inputs,
        outputs,
        instances,
        graphOptimizationLevel,
        List.of(others),
        gpu);
  }

  /** The same model with other instances. */
  public ModelSpec withInstances(InstanceSpec... others) {
    return new ModelSpec(
        source,
        maxBatchSize,
        preferredBatchSizes,
        inputs,
        outputs,
        List.of(others),
        graphOptimizationLevel,
        accelerators,
        gpu);
  }

  /** The same model with another {@code optimization} for GPUs. */
  public ModelSpec withGpu(GpuOptions other) {
    return new ModelSpec(
        source,
        maxBatchSize,
        preferredBatchSizes,
        inputs,
        outputs,
        instances,
        graphOptimizationLevel,
        accelerators,
        other);
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
