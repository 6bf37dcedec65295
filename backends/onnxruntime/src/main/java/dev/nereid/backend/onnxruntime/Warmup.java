package dev.nereid.backend.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.sun.jna.Memory;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A session's first runs on a GPU, on zeros, before there are requests: cuDNN's parts are loaded,
 * the fastest convolutions searched for and the largest batch's memory taken now, and what fails at
 * it fails the load.
 *
 * <p>The sizes are {@code max_batch_size}, the preferred ones and one row: the search is for one
 * size at a time. A model whose inputs' shapes vary otherwise, or are strings, starts cold.
 */
record Warmup(ModelSpec spec, ModelSignature signature, Tensors tensors) {

  private static final Logger log = LoggerFactory.getLogger(Warmup.class);

  /**
   * Runs all sizes.
   *
   * @return how many were run
   * @throws BackendException if the GPU or one of its libraries is to blame; a model may well not
   *     take zeros
   */
  int run(OrtSession session) throws BackendException {
    if (!spec.inputs().stream().allMatch(this::canBeFilled)) {
      return 0;
    }
    Set<String> outputs =
        spec.outputs().stream()
            .map(TensorSpec::name)
            .filter(name -> spec.inputs().stream().noneMatch(input -> input.name().equals(name)))
            .collect(Collectors.toCollection(LinkedHashSet::new));
    if (outputs.isEmpty()) {
      return 0;
    }
    int done = 0;
    for (int rows : sizes()) {
      try {
        run(session, outputs, rows);
        done++;
      } catch (OrtException e) {
        if (OrtErrors.isOfDevice(e)) {
          throw OrtErrors.of(e);
        }
        log.warn(
            "Model '{}' does not run on zeros, so it starts cold: {}",
            spec.source().modelName(),
            OrtErrors.message(e));
        return done;
      }
    }
    return done;
  }

  /** The largest first, so that smaller ones find their memory there. */
  Set<Integer> sizes() {
    TreeSet<Integer> sizes = new TreeSet<>(spec.preferredBatchSizes());
    sizes.add(1);
    if (spec.isBatching()) {
      sizes.add(spec.maxBatchSize());
    }
    return sizes.descendingSet();
  }

  private boolean canBeFilled(TensorSpec input) {
    return input.type() != DataType.BYTES && !Shapes.isVariable(shape(input, 1));
  }

  private long[] shape(TensorSpec tensor, int rows) {
    long[] shape = tensor.shape();
    if (spec.isBatching()) {
      shape[0] = rows;
    }
    return shape;
  }

  private void run(OrtSession session, Set<String> outputs, int rows) throws OrtException {
    Map<String, Memory> zeros = new LinkedHashMap<>();
    Map<String, OnnxTensor> feeds = new LinkedHashMap<>();
    try {
      for (TensorSpec input : spec.inputs()) {
        long[] shape = shape(input, rows);
        long byteSize = Shapes.elementCount(shape) * input.type().byteSize();
        Memory memory = new Memory(Math.max(1, byteSize));
        zeros.put(input.name(), memory);
        memory.clear();
        long[] engineShape = isScalar(input.name()) ? new long[0] : shape;
        feeds.put(
            input.name(),
            tensors.wrap(input.type(), engineShape, memory.getByteBuffer(0, byteSize)));
      }
      session.run(feeds, outputs).close();
    } finally {
      feeds.values().forEach(OnnxTensor::close);
      zeros.values().forEach(Memory::close);
    }
  }

  private boolean isScalar(String name) {
    return signature.inputs().stream()
        .anyMatch(input -> input.name().equals(name) && input.shape().length == 0);
  }
}
