package dev.nereid.server.endpoint.grpc;

import dev.nereid.protocol.InferParameter;
import dev.nereid.protocol.InferParameter.ParameterChoiceCase;
import dev.nereid.protocol.ModelInferRequest.InferRequestedOutputTensor;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.memory.SharedRegions;
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
   * @param placed takes the outputs that are wanted in shared memory, also when this throws
   * @throws InferenceException INVALID_ARGUMENT for a wrong {@code classification}, or a part that
   *     is not within its region; NOT_FOUND, UNIMPLEMENTED for shared memory that is not there
   */
  static Map<String, Integer> classes(
      List<InferRequestedOutputTensor> outputs, SharedRegions regions, OutputRegions placed)
      throws InferenceException {
    Map<String, Integer> classes = Map.of();
    for (InferRequestedOutputTensor output : outputs) {
      if (output.getParametersCount() == 0) {
        continue;
      }
      Map<String, InferParameter> parameters = output.getParametersMap();
      SharedMemoryParameters shared = SharedMemoryParameters.read(output.getName(), parameters);
      InferParameter classification = parameters.get("classification");
      if (classification != null) {
        int count = count(classification);
        if (shared != null) {
          throw refusal("output can't set both 'shared_memory_region' and 'classification'");
        }
        if (classes.isEmpty()) {
          classes = new HashMap<>();
        }
        classes.put(output.getName(), count);
      } else if (shared != null) {
        placed.put(output.getName(), shared.in(regions));
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
