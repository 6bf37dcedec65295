package dev.nereid.backend.onnxruntime;

import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/**
 * For which shapes TensorRT builds an engine where the config does not say: every batch from one
 * row to {@code max_batch_size}, best at the largest preferred one. With them the engine is built
 * when the model is loaded; without, when a batch of a new size first comes, while its requests
 * wait.
 */
final class ShapeProfiles {

  private ShapeProfiles() {}

  /**
   * Options of the TensorRT provider; none where there is nothing to say: the model does not batch,
   * another dimension varies as well, or a name cannot be written in them.
   */
  static Map<String, String> of(ModelSpec spec) {
    if (!spec.isBatching() || !spec.inputs().stream().allMatch(ShapeProfiles::isPlain)) {
      return Map.of();
    }
    List<Integer> preferred = spec.preferredBatchSizes();
    int best = preferred.isEmpty() ? spec.maxBatchSize() : preferred.get(preferred.size() - 1);
    return Map.of(
        TensorRtOptions.PROFILE_MIN, shapes(spec, 1),
        TensorRtOptions.PROFILE_OPT, shapes(spec, best),
        TensorRtOptions.PROFILE_MAX, shapes(spec, spec.maxBatchSize()));
  }

  /** Whether an engine for it can be built before there is a batch, with no profile at all. */
  static boolean isFixed(ModelSpec spec) {
    return spec.inputs().stream().noneMatch(input -> Shapes.isVariable(input.shape()));
  }

  private static boolean isPlain(TensorSpec input) {
    long[] row = input.shape();
    row[0] = 1;
    return input.type() != DataType.BYTES
        && !Shapes.isVariable(row)
        && input.name().indexOf(':') < 0
        && input.name().indexOf(',') < 0;
  }

  private static String shapes(ModelSpec spec, int rows) {
    StringJoiner all = new StringJoiner(",");
    for (TensorSpec input : spec.inputs()) {
      StringJoiner shape = new StringJoiner("x");
      long[] dimensions = input.shape();
      dimensions[0] = rows;
      for (long dimension : dimensions) {
        shape.add(Long.toString(dimension));
      }
      all.add(input.name() + ":" + shape);
    }
    return all.toString();
  }
}
