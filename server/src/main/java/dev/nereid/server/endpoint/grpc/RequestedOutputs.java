package dev.nereid.server.endpoint.grpc;

import dev.nereid.protocol.InferParameter;
import dev.nereid.protocol.InferParameter.ParameterChoiceCase;
import dev.nereid.protocol.ModelInferRequest.InferRequestedOutputTensor;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads which outputs a request asks for, and in what form. */
final class RequestedOutputs {

  private RequestedOutputs() {}

  /** The names, as they stand; empty for all. */
  static List<String> names(List<InferRequestedOutputTensor> outputs) {
    if (outputs.isEmpty()) {
      return List.of();
    }
    List<String> names = new ArrayList<>(outputs.size());
    for (InferRequestedOutputTensor output : outputs) {
      names.add(output.getName());
    }
    return names;
  }

  /**
   * How many classes of each output that is wanted as such, by output.
   *
   * @throws InferenceException INVALID_ARGUMENT for a wrong {@code classification}; shared memory
   *     is refused
   */
  static Map<String, Integer> classes(List<InferRequestedOutputTensor> outputs)
      throws InferenceException {
    Map<String, Integer> classes = Map.of();
    for (InferRequestedOutputTensor output : outputs) {
      if (output.getParametersCount() == 0) {
        continue;
      }
      Map<String, InferParameter> parameters = output.getParametersMap();
      boolean region = SharedMemoryParameters.isRegion(output.getName(), parameters);
      InferParameter classification = parameters.get("classification");
      if (classification != null) {
        int count = count(classification);
        if (region) {
          throw refusal("output can't set both 'shared_memory_region' and 'classification'");
        }
        if (classes.isEmpty()) {
          classes = new HashMap<>();
        }
        classes.put(output.getName(), count);
      } else if (region) {
        throw SharedMemoryParameters.disabled();
      }
    }
    return classes;
  }

  private static int count(InferParameter classification) throws InferenceException {
    if (classification.getParameterChoiceCase() != ParameterChoiceCase.INT64_PARAM) {
      throw refusal("invalid value type for 'classification' parameter, expected int64_param");
    }
    long count = classification.getInt64Param();
    if (count <= 0) {
      // Triton's text, which says >= 0 and means > 0.
      throw refusal("invalid value for 'classification' parameter, expected >= 0");
    }
    return (int) Math.min(count, Integer.MAX_VALUE);
  }

  private static InferenceException refusal(String text) {
    return new InferenceException(StatusCode.INVALID_ARGUMENT, text);
  }
}
