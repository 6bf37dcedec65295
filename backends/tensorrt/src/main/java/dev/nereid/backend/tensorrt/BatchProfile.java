package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.Shapes;
import java.util.ArrayList;
import java.util.List;

/** Which shapes an engine is built for. */
final class BatchProfile {

  private BatchProfile() {}

  /**
   * Of batches from 1 row to {@code max_batch_size}, fastest at the largest preferred size; other
   * dimensions as the file or the config fixes them.
   *
   * @param inputs as the file has them
   * @return in their order
   * @throws BackendException if a dimension other than the batch's is fixed in neither
   */
  static Profile of(ModelSpec spec, List<TensorSpec> inputs) throws BackendException {
    List<ShapeRange> ranges = new ArrayList<>();
    for (TensorSpec input : inputs) {
      long[] fixed = fixed(spec, input);
      if (spec.isBatching() && input.shape().length > 0 && input.shape()[0] == Shapes.VARIABLE) {
        ranges.add(
            new ShapeRange(
                rows(fixed, 1), rows(fixed, fastestRows(spec)), rows(fixed, spec.maxBatchSize())));
      } else {
        ranges.add(ShapeRange.fixed(fixed));
      }
    }
    return new Profile(ranges);
  }

  static int fastestRows(ModelSpec spec) {
    return spec.preferredBatchSizes().stream()
        .filter(size -> size >= 1 && size <= spec.maxBatchSize())
        .max(Integer::compare)
        .orElse(spec.maxBatchSize());
  }

  /** The input's shape with the config's sizes where the file leaves them open. */
  private static long[] fixed(ModelSpec spec, TensorSpec input) throws BackendException {
    long[] shape = input.shape();
    long[] configured =
        spec.inputs().stream()
            .filter(tensor -> tensor.name().equals(input.name()))
            .findFirst()
            .map(TensorSpec::shape)
            .orElse(shape);
    for (int i = 0; i < shape.length; i++) {
      boolean batch = i == 0 && spec.isBatching();
      if (shape[i] == Shapes.VARIABLE && !batch) {
        if (configured.length != shape.length || configured[i] == Shapes.VARIABLE) {
          throw BackendException.ofField(
              ("input '%s': dims %s (expected: fixed sizes, since an engine is built for them and"
                      + " the file leaves dimension %d open)")
                  .formatted(input.name(), Shapes.text(configured), i),
              "input");
        }
        shape[i] = configured[i];
      }
    }
    return shape;
  }

  private static long[] rows(long[] shape, long rows) {
    long[] full = shape.clone();
    full[0] = rows;
    return full;
  }
}
