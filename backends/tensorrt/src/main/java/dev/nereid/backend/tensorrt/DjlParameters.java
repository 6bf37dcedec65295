package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.Parameters;
import java.util.Optional;

/**
 * A model's {@code parameters} for DJL's engine.
 *
 * @param precision {@code precision_mode}: FP32, FP16 or INT8; empty where the config does not say
 * @param sizes {@code allowed_batch_sizes}; of a plan the one that it was built for
 */
record DjlParameters(Optional<Precision> precision, BatchSizes sizes) {

  private static final String WITH_DJL = "tensorrt' with runtime 'djl";

  static DjlParameters parse(ModelSpec spec, ModelFile.Kind kind) throws BackendException {
    Parameters parameters = Parameters.ofModel(spec.source().parameters());
    parameters.text(EngineRuntime.PARAMETER);
    Optional<Precision> precision = precision(parameters);
    BatchSizes sizes = BatchSizes.of(spec, parameters);
    parameters.refuseOthers();
    if (kind == ModelFile.Kind.PLAN) {
      for (String name : new String[] {ModelParameters.PRECISION_MODE, BatchSizes.PARAMETER}) {
        if (parameters.text(name).isPresent()) {
          throw parameters.refusal(name, "not set, since a plan is built already");
        }
      }
      sizes = new BatchSizes(sizes.sizes().subList(sizes.sizes().size() - 1, sizes.sizes().size()));
    }
    ModelParameters.refuseElsewhere(spec);
    spec.gpu().refuseAll(WITH_DJL);
    for (InstanceSpec instance : spec.instances()) {
      check(instance);
    }
    return new DjlParameters(precision, sizes);
  }

  private static Optional<Precision> precision(Parameters parameters) throws BackendException {
    Optional<String> text = parameters.text(ModelParameters.PRECISION_MODE);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        switch (text.get()) {
          case "FP32" -> Precision.FP32;
          case "FP16" -> Precision.FP16;
          case "INT8" -> Precision.INT8;
          default ->
              throw parameters.refusal(
                  ModelParameters.PRECISION_MODE,
                  "FP32, FP16 or INT8 with runtime 'djl', whose FP32 uses TF32 where the GPU has it");
        });
  }

  private static void check(InstanceSpec instance) throws BackendException {
    if (instance.kind() != InstanceKind.GPU) {
      throw new BackendException(
          "instance '%s': KIND_%s (expected: KIND_GPU, since TensorRT runs on nothing else)"
              .formatted(instance.name(), instance.kind()));
    }
    if (!instance.profiles().isEmpty()) {
      throw BackendException.ofField(
          "instance_group.profile: %s (expected: not set, since DJL's engine has no profiles)"
              .formatted(instance.profiles()),
          "instance_group");
    }
  }

  /**
   * Decides what the config leaves open.
   *
   * @throws BackendException if the precision does not fit the graph
   */
  Precision precision(OnnxFile model) throws BackendException {
    Precision chosen = precision.orElse(model.isQuantized() ? Precision.INT8 : Precision.FP32);
    if ((chosen == Precision.INT8) != model.isQuantized()) {
      throw BackendException.ofField(
          "parameters['%s']: %s (expected: %s)"
              .formatted(
                  ModelParameters.PRECISION_MODE,
                  chosen,
                  model.isQuantized()
                      ? "INT8, since the graph has QuantizeLinear and DequantizeLinear nodes"
                      : "FP32 or FP16, since the graph has no QuantizeLinear and DequantizeLinear"
                          + " nodes, and DJL's engine would take every tensor to reach from -127 to"
                          + " 127"),
          "parameters",
          ModelParameters.PRECISION_MODE);
    }
    return chosen;
  }
}
