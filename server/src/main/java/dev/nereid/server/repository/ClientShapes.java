package dev.nereid.server.repository;

import dev.nereid.backend.TensorSpec;
import dev.nereid.protocol.ModelOutput;
import dev.nereid.server.config.VersionConfig;
import dev.nereid.tensor.Shapes;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Undoes the {@code reshape} of outputs: from the engine's shape to the client's. */
final class ClientShapes {

  private ClientShapes() {}

  /** The outputs that a version's config lists, in its order, with their way back. */
  static List<dev.nereid.server.scheduling.ModelOutput> outputs(VersionConfig config) {
    List<dev.nereid.server.scheduling.ModelOutput> outputs = new ArrayList<>();
    for (TensorSpec spec : config.spec().outputs()) {
      outputs.add(
          new dev.nereid.server.scheduling.ModelOutput(spec, clientShape(config, spec.name())));
    }
    return outputs;
  }

  private static UnaryOperator<long[]> clientShape(VersionConfig config, String output) {
    for (ModelOutput declared : config.config().getOutputList()) {
      if (declared.getName().equals(output) && declared.hasReshape()) {
        long[] dims = declared.getDimsList().stream().mapToLong(Long::longValue).toArray();
        long[] engine =
            declared.getReshape().getShapeList().stream().mapToLong(Long::longValue).toArray();
        return undo(dims, engine, config.spec().isBatching());
      }
    }
    return UnaryOperator.identity();
  }

  /**
   * Triton's rule: the k-th dimension that varies in {@code dims} is the k-th that varies in the
   * engine's shape.
   *
   * @param dims as the client sees them, without the batch dimension
   * @param engine as {@code reshape} says, without it too
   */
  static UnaryOperator<long[]> undo(long[] dims, long[] engine, boolean batching) {
    return written -> {
      int batchDimensions = batching ? 1 : 0;
      long[] client = new long[dims.length + batchDimensions];
      if (batching) {
        client[0] = written[0];
      }
      int next = 0;
      for (int i = 0; i < dims.length; i++) {
        long dimension = dims[i];
        if (dimension == Shapes.VARIABLE) {
          while (engine[next] != Shapes.VARIABLE) {
            next++;
          }
          dimension = written[next + batchDimensions];
          next++;
        }
        client[i + batchDimensions] = dimension;
      }
      return client;
    };
  }
}
