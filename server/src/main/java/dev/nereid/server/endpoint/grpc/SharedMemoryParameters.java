package dev.nereid.server.endpoint.grpc;

import dev.nereid.protocol.InferParameter;
import dev.nereid.protocol.InferParameter.ParameterChoiceCase;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A tensor's shared memory parameters: checked for what they are, then refused. */
final class SharedMemoryParameters {

  private static final String REGION = "shared_memory_region";
  private static final String OFFSET = "shared_memory_offset";
  private static final String BYTE_SIZE = "shared_memory_byte_size";

  /** Triton's, where shared memory is not switched on. */
  private static final String DISABLED =
      "Client shared memory is disabled. Start the server with '--allow-client-shm=true' to"
          + " enable.";

  private SharedMemoryParameters() {}

  /**
   * Whether a tensor is to lie in shared memory.
   *
   * @throws InferenceException INVALID_ARGUMENT for a parameter of a wrong type, a region without a
   *     size, and anything else without a region
   */
  static boolean isRegion(String tensor, Map<String, InferParameter> parameters)
      throws InferenceException {
    if (parameters.isEmpty()) {
      return false;
    }
    check(tensor, parameters, REGION, ParameterChoiceCase.STRING_PARAM);
    boolean region = parameters.containsKey(REGION);
    for (String name : List.of(OFFSET, BYTE_SIZE)) {
      if (!region && parameters.containsKey(name)) {
        throw refusal(
            "'" + name + "' can not be specified without '" + REGION + "' parameter for tensor '",
            tensor,
            "'");
      }
      check(tensor, parameters, name, ParameterChoiceCase.INT64_PARAM);
    }
    if (region && !parameters.containsKey(BYTE_SIZE)) {
      throw refusal(
          "'"
              + BYTE_SIZE
              + "' must be specified along with '"
              + REGION
              + "' parameter for tensor '",
          tensor,
          "'");
    }
    return region;
  }

  /** What a region is answered with: UNIMPLEMENTED. */
  static InferenceException disabled() {
    return new InferenceException(StatusCode.UNIMPLEMENTED, DISABLED);
  }

  private static void check(
      String tensor,
      Map<String, InferParameter> parameters,
      String name,
      ParameterChoiceCase expected)
      throws InferenceException {
    InferParameter value = parameters.get(name);
    if (value != null && value.getParameterChoiceCase() != expected) {
      throw refusal(
          "invalid value type for '" + name + "' parameter for tensor '",
          tensor,
          "', expected " + expected.name().toLowerCase(Locale.ROOT) + ".");
    }
  }

  private static InferenceException refusal(String before, String tensor, String after) {
    return new InferenceException(StatusCode.INVALID_ARGUMENT, before + tensor + after);
  }
}
