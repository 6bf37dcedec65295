package dev.nereid.backend;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a config's {@code optimization} asks of a backend that runs on GPUs. Nothing of it has an
 * effect on a CPU; a backend refuses by {@link #refuse} what it does not do.
 *
 * @param graphs {@code cuda.graphs}: record the launches of a batch once, and replay them
 * @param graphSpecs {@code cuda.graph_spec}: which batches to record; empty where the backend
 *     chooses
 * @param busyWaitEvents {@code cuda.busy_wait_events}: spin until the device is done
 * @param outputCopyStream {@code cuda.output_copy_stream}: outputs are copied on a stream of their
 *     own
 * @param eagerBatching {@code eager_batching}: form the next batch while one runs, though it be
 *     small
 * @param pinnedInput {@code input_pinned_memory.enable}; true where the config does not say
 * @param pinnedOutput {@code output_pinned_memory.enable}; true where the config does not say
 */
public record GpuOptions(
    boolean graphs,
    List<GraphSpec> graphSpecs,
    boolean busyWaitEvents,
    boolean outputCopyStream,
    boolean eagerBatching,
    boolean pinnedInput,
    boolean pinnedOutput) {

  /** What a config without {@code optimization} asks for. */
  public static final GpuOptions DEFAULT =
      new GpuOptions(false, List.of(), false, false, false, true, true);

  public GpuOptions {
    graphSpecs = List.copyOf(graphSpecs);
  }

  /**
   * A batch whose launches are recorded.
   *
   * @param batchSize 0 where the model has no batch dimension
   * @param inputs shapes by input, without the batch dimension; an input that is not named has its
   *     configured shape
   * @param lowerBound the smallest batch that may be filled up to this one; null for this one alone
   */
  public record GraphSpec(
      int batchSize, Map<String, List<Long>> inputs, @Nullable LowerBound lowerBound) {
    public GraphSpec {
      inputs = Map.copyOf(inputs);
    }
  }

  /** See {@link GraphSpec}. */
  public record LowerBound(int batchSize, Map<String, List<Long>> inputs) {
    public LowerBound {
      inputs = Map.copyOf(inputs);
    }
  }

  /** For a backend that does nothing of all this: refuses the first field that is set. */
  public void refuseAll(String backend) throws BackendException {
    refuse(
        backend,
        "graphs",
        "graph_spec",
        "busy_wait_events",
        "output_copy_stream",
        "eager_batching");
  }

  /**
   * For a backend that does nothing of {@code fields}: refuses the first of them that is set.
   *
   * @param fields of {@code graphs}, {@code graph_spec}, {@code busy_wait_events}, {@code
   *     output_copy_stream}, {@code eager_batching}
   */
  public void refuse(String backend, String... fields) throws BackendException {
    for (String field : fields) {
      boolean set =
          switch (field) {
            case "graphs" -> graphs;
            case "graph_spec" -> !graphSpecs.isEmpty();
            case "busy_wait_events" -> busyWaitEvents;
            case "output_copy_stream" -> outputCopyStream;
            case "eager_batching" -> eagerBatching;
            default ->
                throw new IllegalArgumentException(
                    "fields: " + Arrays.toString(fields) + " (expected: names of fields)");
          };
      if (set) {
        String[] path =
            field.equals("eager_batching")
                ? new String[] {"optimization", field}
                : new String[] {"optimization", "cuda", field};
        throw BackendException.ofField(
            String.join(".", path)
                + ": set (expected: not set, since backend '"
                + backend
                + "' does not do it)",
            path);
      }
    }
  }
}
