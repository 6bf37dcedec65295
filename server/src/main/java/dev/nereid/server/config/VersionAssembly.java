package dev.nereid.server.config;

import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.protocol.ModelConfig;
import dev.nereid.protocol.ModelOptimizationPolicy;
import dev.nereid.protocol.ModelOptimizationPolicy.ExecutionAccelerators.Accelerator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** Derives from a complete, valid config what each room is given. */
final class VersionAssembly {

  private final ModelDraft draft;
  private final ModelConfig config;
  private final ModelSource source;
  private final Gpus gpus;
  private final boolean batching;

  VersionAssembly(ModelDraft draft, ModelConfig config, ModelSource source, Gpus gpus) {
    this.draft = draft;
    this.config = config;
    this.source = source;
    this.gpus = gpus;
    this.batching = config.getMaxBatchSize() > 0;
  }

  VersionConfig assemble() throws ConfigException {
    List<PlannedInstance> instances = InstanceGroups.plan(config, gpus);
    List<TensorSpec> inputs = new ArrayList<>();
    Map<String, Reshape> inputReshapes = new HashMap<>();
    for (DeclaredTensor input : DeclaredTensor.inputs(config)) {
      long[] client = input.clientShape(batching);
      long[] engine = input.engineShape(batching);
      inputs.add(input.spec(engine));
      if (!Arrays.equals(client, engine)) {
        inputReshapes.put(input.name(), new Reshape(client, engine));
      }
    }
    List<TensorSpec> outputs = new ArrayList<>();
    Map<String, Reshape> outputReshapes = new HashMap<>();
    for (DeclaredTensor output : DeclaredTensor.outputs(config)) {
      long[] client = output.clientShape(batching);
      long[] engine = output.engineShape(batching);
      outputs.add(output.spec(engine));
      if (!Arrays.equals(client, engine)) {
        outputReshapes.put(output.name(), new Reshape(engine, client));
      }
    }
    BatchingConfig batchingConfig = BatchingRules.derive(config);
    ModelOptimizationPolicy optimization = config.getOptimization();
    ModelSpec spec =
        new ModelSpec(
            source,
            config.getMaxBatchSize(),
            batchingConfig.preferredBatchSizes(),
            inputs,
            outputs,
            instances.stream().map(PlannedInstance::spec).toList(),
            optimization.hasGraph()
                ? OptionalInt.of(optimization.getGraph().getLevel())
                : OptionalInt.empty(),
            accelerators(optimization.getExecutionAccelerators()),
            GpuFields.of(optimization));
    return new VersionConfig(
        config,
        draft.backend(),
        spec,
        batchingConfig,
        instances,
        inputReshapes,
        outputReshapes,
        Labels.read(draft.text(), config, draft.directory()));
  }

  private static List<ModelSpec.Accelerator> accelerators(
      ModelOptimizationPolicy.ExecutionAccelerators listed) {
    List<ModelSpec.Accelerator> accelerators = new ArrayList<>();
    for (Accelerator a : listed.getGpuExecutionAcceleratorList()) {
      accelerators.add(
          new ModelSpec.Accelerator(InstanceKind.GPU, a.getName(), a.getParametersMap()));
    }
    for (Accelerator a : listed.getCpuExecutionAcceleratorList()) {
      accelerators.add(
          new ModelSpec.Accelerator(InstanceKind.CPU, a.getName(), a.getParametersMap()));
    }
    return accelerators;
  }
}
