package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.GpuOptions;
import dev.nereid.backend.GpuOptions.GraphSpec;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.Shapes;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which batches are recorded as CUDA graphs, and which smaller ones are filled up to them.
 *
 * <ul>
 *   <li>A {@code graph_spec} records its batch size, for batches from its {@code graph_lower_bound}
 *       on, or for that size alone.
 *   <li>{@code graphs} without any records the powers of two, the preferred sizes and the largest;
 *       a batch is filled up to the next of them, but beyond 16 rows only by a third of its own:
 *       launches weigh on small batches, rows that are computed for nothing on large ones.
 * </ul>
 *
 * @param lowestBySize the fewest rows that may be filled up to a recorded size; a model without a
 *     batch dimension has size 1
 */
record GraphSizes(TreeMap<Integer, Integer> lowestBySize) {

  private static final int LAUNCH_BOUND_ROWS = 16;

  static GraphSizes of(ModelSpec spec) throws BackendException {
    GpuOptions options = spec.gpu();
    TreeMap<Integer, Integer> sizes = new TreeMap<>();
    if (!options.graphs()) {
      if (!options.graphSpecs().isEmpty()) {
        throw refusal(".graph_spec: set", "graphs: true beside it");
      }
      return new GraphSizes(sizes);
    }
    for (TensorSpec input : spec.inputs()) {
      long[] shape = input.shape();
      long[] perRow = spec.isBatching() ? Arrays.copyOfRange(shape, 1, shape.length) : shape;
      if (Shapes.isVariable(perRow)) {
        throw refusal(
            ".graphs: true",
            "false, since dims of input '" + input.name() + "' vary: " + Shapes.text(perRow));
      }
    }
    if (options.graphSpecs().isEmpty()) {
      chosen(spec, sizes);
    } else {
      for (GraphSpec graph : options.graphSpecs()) {
        specified(spec, graph, sizes);
      }
    }
    return new GraphSizes(sizes);
  }

  private static void chosen(ModelSpec spec, TreeMap<Integer, Integer> sizes) {
    int max = Math.max(1, spec.maxBatchSize());
    TreeSet<Integer> recorded = new TreeSet<>(spec.preferredBatchSizes());
    recorded.removeIf(size -> size < 1 || size > max);
    for (int size = 1; size <= max && size > 0; size *= 2) {
      recorded.add(size);
    }
    recorded.add(max);
    int previous = 0;
    for (int size : recorded) {
      int lowest = size <= LAUNCH_BOUND_ROWS ? 1 : (size * 3 + 3) / 4;
      sizes.put(size, Math.max(previous + 1, lowest));
      previous = size;
    }
  }

  private static void specified(ModelSpec spec, GraphSpec graph, TreeMap<Integer, Integer> sizes)
      throws BackendException {
    int most = spec.maxBatchSize();
    int least = Math.min(1, most);
    int size = graph.batchSize();
    if (size < least || size > most) {
      throw refusal(".graph_spec.batch_size: " + size, least + " to max_batch_size, " + most);
    }
    checkShapes(spec, graph.inputs());
    int lowest = size;
    GpuOptions.LowerBound bound = graph.lowerBound();
    if (bound != null) {
      lowest = bound.batchSize();
      if (lowest < least || lowest > size) {
        throw refusal(
            ".graph_spec.graph_lower_bound.batch_size: " + lowest,
            least + " to batch_size, " + size);
      }
      checkShapes(spec, bound.inputs());
    }
    sizes.merge(Math.max(1, size), Math.max(1, lowest), Math::min);
  }

  private static void checkShapes(ModelSpec spec, Map<String, List<Long>> shapes)
      throws BackendException {
    for (Map.Entry<String, List<Long>> entry : shapes.entrySet()) {
      TensorSpec input =
          spec.inputs().stream()
              .filter(tensor -> tensor.name().equals(entry.getKey()))
              .findFirst()
              .orElseThrow(
                  () ->
                      refusal(
                          ".graph_spec.input: " + entry.getKey(), "the name of one of its inputs"));
      long[] full = input.shape();
      long[] own = spec.isBatching() ? Arrays.copyOfRange(full, 1, full.length) : full;
      long[] asked = entry.getValue().stream().mapToLong(Long::longValue).toArray();
      if (!Arrays.equals(own, asked)) {
        throw refusal(
            ".graph_spec.input['" + entry.getKey() + "'].dim: " + Shapes.text(asked),
            "the config's " + Shapes.text(own));
      }
    }
  }

  private static BackendException refusal(String what, String rule) {
    return BackendException.ofField(
        "optimization.cuda" + what + " (expected: " + rule + ")", "optimization", "cuda");
  }

  boolean isEmpty() {
    return lowestBySize.isEmpty();
  }

  /** The recorded size that a batch of these rows is filled up to; 0 where there is none. */
  int sizeFor(int rows) {
    for (Map.Entry<Integer, Integer> entry : lowestBySize.tailMap(rows, true).entrySet()) {
      if (rows >= entry.getValue()) {
        return entry.getKey();
      }
    }
    return 0;
  }
}
