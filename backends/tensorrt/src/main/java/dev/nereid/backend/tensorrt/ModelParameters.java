package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.Parameters;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * A model's {@code parameters} for TensorRT 10. All of them are about building an engine, and so
 * refused for a plan, which is built already.
 *
 * @param precision {@code precision_mode}; empty where the config does not say: TF32
 * @param maxWorkspaceSizeBytes {@code max_workspace_size_bytes}: scratch memory that a layer may
 *     take; empty for what the GPU has
 * @param optimizationLevel {@code builder_optimization_level}, 0 to 5: how long to look for faster
 *     kernels; empty for TensorRT's own, 3
 * @param timingCache {@code timing_cache}: whether what was measured of kernels is kept for the
 *     next build on such a GPU; true
 */
record ModelParameters(
    Optional<Precision> precision,
    OptionalLong maxWorkspaceSizeBytes,
    OptionalInt optimizationLevel,
    boolean timingCache) {

  static final String PRECISION_MODE = "precision_mode";
  private static final String MAX_WORKSPACE = "max_workspace_size_bytes";
  private static final String OPTIMIZATION_LEVEL = "builder_optimization_level";
  private static final String TIMING_CACHE = "timing_cache";
  private static final List<String> OF_BUILDS =
      List.of(PRECISION_MODE, MAX_WORKSPACE, OPTIMIZATION_LEVEL, TIMING_CACHE);

  static ModelParameters parse(ModelSpec spec, ModelFile.Kind kind) throws BackendException {
    Map<String, String> values = spec.source().parameters();
    Parameters parameters = Parameters.ofModel(values);
    // Decided before: it is what brought the model here.
    parameters.text(EngineRuntime.PARAMETER);
    ModelParameters parsed =
        new ModelParameters(
            precision(parameters),
            workspace(parameters),
            parameters.integer(OPTIMIZATION_LEVEL, 0, 5),
            parameters.bool(TIMING_CACHE).orElse(true));
    parameters.refuseOthers();
    for (String name : OF_BUILDS) {
      if (kind == ModelFile.Kind.PLAN && values.containsKey(name)) {
        throw parameters.refusal(name, "not set, since a plan is built already");
      }
    }
    refuseElsewhere(spec);
    return parsed;
  }

  private static Optional<Precision> precision(Parameters parameters) throws BackendException {
    Optional<String> text = parameters.text(PRECISION_MODE);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    for (Precision precision : Precision.values()) {
      if (precision.name().equals(text.get())) {
        return Optional.of(precision);
      }
    }
    String all = Arrays.toString(Precision.values());
    throw parameters.refusal(PRECISION_MODE, "one of " + all.substring(1, all.length() - 1));
  }

  private static OptionalLong workspace(Parameters parameters) throws BackendException {
    Optional<String> text = parameters.text(MAX_WORKSPACE);
    if (text.isEmpty()) {
      return OptionalLong.empty();
    }
    try {
      long bytes = Long.parseLong(text.get().strip());
      if (bytes >= 1) {
        return OptionalLong.of(bytes);
      }
    } catch (NumberFormatException e) {
      // Refused below, like a number out of range.
    }
    throw parameters.refusal(MAX_WORKSPACE, "an integer from 1 on");
  }

  /** Refuses what other backends are told by {@code optimization}. */
  static void refuseElsewhere(ModelSpec spec) throws BackendException {
    if (!spec.accelerators().isEmpty()) {
      throw BackendException.ofField(
          "optimization.execution_accelerators: "
              + spec.accelerators().get(0).name()
              + " (expected: none, since backend 'tensorrt' is one itself; see"
              + " parameters['precision_mode'])",
          "optimization",
          "execution_accelerators");
    }
    if (spec.graphOptimizationLevel().isPresent()) {
      throw BackendException.ofField(
          "optimization.graph.level: "
              + spec.graphOptimizationLevel().getAsInt()
              + " (expected: not set; see parameters['builder_optimization_level'])",
          "optimization",
          "graph",
          "level");
    }
  }
}
