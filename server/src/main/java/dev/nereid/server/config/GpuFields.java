package dev.nereid.server.config;

import dev.nereid.backend.GpuOptions;
import dev.nereid.backend.GpuOptions.GraphSpec;
import dev.nereid.backend.GpuOptions.LowerBound;
import dev.nereid.protocol.ModelOptimizationPolicy;
import dev.nereid.protocol.ModelOptimizationPolicy.Cuda;
import dev.nereid.protocol.ModelOptimizationPolicy.PinnedMemoryBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What {@code optimization} says about GPUs, as backends are given it. */
final class GpuFields {

  private GpuFields() {}

  static GpuOptions of(ModelOptimizationPolicy optimization) {
    Cuda cuda = optimization.getCuda();
    List<GraphSpec> specs = new ArrayList<>();
    for (Cuda.GraphSpec spec : cuda.getGraphSpecList()) {
      specs.add(new GraphSpec(spec.getBatchSize(), shapes(spec.getInputMap()), lowerBound(spec)));
    }
    return new GpuOptions(
        cuda.getGraphs(),
        specs,
        cuda.getBusyWaitEvents(),
        cuda.getOutputCopyStream(),
        optimization.getEagerBatching(),
        !optimization.hasInputPinnedMemory() || enabled(optimization.getInputPinnedMemory()),
        !optimization.hasOutputPinnedMemory() || enabled(optimization.getOutputPinnedMemory()));
  }

  private static boolean enabled(PinnedMemoryBuffer buffer) {
    return buffer.getEnable();
  }

  private static @Nullable LowerBound lowerBound(Cuda.GraphSpec spec) {
    if (!spec.hasGraphLowerBound()) {
      return null;
    }
    Cuda.GraphSpec.LowerBound bound = spec.getGraphLowerBound();
    return new LowerBound(bound.getBatchSize(), shapes(bound.getInputMap()));
  }

  private static Map<String, List<Long>> shapes(Map<String, Cuda.GraphSpec.Shape> inputs) {
    Map<String, List<Long>> shapes = new HashMap<>();
    inputs.forEach((name, shape) -> shapes.put(name, shape.getDimList()));
    return shapes;
  }
}
