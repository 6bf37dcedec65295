package dev.nereid.server.endpoint;

import dev.nereid.server.inference.Tensor;
import java.util.List;

/**
 * The inputs of a request that fits its model.
 *
 * @param tensors in the config's order, of the shapes that the engine sees; the memory is still the
 *     client's inputs'
 * @param rows of the batch dimension; 1 where there is none
 */
public record CheckedInputs(List<Tensor> tensors, int rows) {

  public CheckedInputs {
    tensors = List.copyOf(tensors);
  }
}
