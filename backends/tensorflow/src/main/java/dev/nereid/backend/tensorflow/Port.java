package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.TensorSpec;
import java.util.List;
import org.tensorflow.internal.c_api.TF_Operation;
import org.tensorflow.internal.c_api.global.tensorflow;

/**
 * One input or output of a model.
 *
 * @param configured as requests have it
 * @param scalar whether the graph has it without dimensions
 * @param endpoint the graph's tensor
 */
record Port(TensorSpec configured, boolean scalar, SessionCall.Endpoint endpoint) {

  /**
   * @param described all tensors of that side, as the model file has them
   * @param tensor the graph's, as {@code operation:index}
   * @throws BackendException if the graph has no such tensor
   */
  static Port of(
      String model, TensorSpec configured, List<TensorSpec> described, String tensor, TfSession in)
      throws BackendException {
    boolean scalar =
        described.stream()
            .anyMatch(own -> own.name().equals(configured.name()) && own.shape().length == 0);
    int colon = tensor.lastIndexOf(':');
    TF_Operation operation = in.operation(colon < 0 ? tensor : tensor.substring(0, colon));
    int index = colon < 0 ? 0 : index(tensor.substring(colon + 1));
    if (operation == null || index < 0 || index >= tensorflow.TF_OperationNumOutputs(operation)) {
      throw new BackendException(
          "unable to load model '%s', tensor '%s': '%s' in the signature (expected: a tensor of the graph)"
              .formatted(model, configured.name(), tensor));
    }
    return new Port(configured, scalar, new SessionCall.Endpoint(operation, index));
  }

  private static int index(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      return -1;
    }
  }
}
