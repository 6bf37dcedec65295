package dev.nereid.server.endpoint.grpc;

import dev.nereid.protocol.InferParameter;
import dev.nereid.protocol.InferParameter.ParameterChoiceCase;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import java.util.HashMap;
import java.util.Map;

/**
 * What a request's parameters ask for: those with a meaning, and the client's own for the backend.
 *
 * @param priority unsigned; 0 where there is none
 * @param timeoutMicros 0 where there is none
 * @param custom Boolean, Long, Double or String by name
 */
record RequestParameters(long priority, long timeoutMicros, Map<String, Object> custom) {

  static final RequestParameters NONE = new RequestParameters(0, 0, Map.of());
  private static final String RESERVED_PREFIX = "triton_";
  private static final String EMPTY_FINAL_RESPONSE = "triton_enable_empty_final_response";

  /**
   * Reads them. The sequence parameters are checked and have no effect on a model without
   * sequences, as in Triton.
   *
   * @throws InferenceException INVALID_ARGUMENT with Triton's texts
   */
  static RequestParameters read(Map<String, InferParameter> parameters) throws InferenceException {
    if (parameters.isEmpty()) {
      return NONE;
    }
    long priority = 0;
    long timeoutMicros = 0;
    Map<String, Object> custom = new HashMap<>();
    for (Map.Entry<String, InferParameter> entry : parameters.entrySet()) {
      String name = entry.getKey();
      InferParameter value = entry.getValue();
      switch (name) {
        case "sequence_id" ->
            expect(isInt64(value) || value.hasStringParam(), name, "int64_param or string_param.");
        case "sequence_start", "sequence_end" -> expect(value.hasBoolParam(), name, "bool_param.");
        case "priority" -> priority = priority(value);
        case "timeout" -> {
          expect(isInt64(value), name, "int64_param.");
          timeoutMicros = value.getInt64Param();
        }
        case EMPTY_FINAL_RESPONSE -> expect(value.hasBoolParam(), name, "bool_param.");
        default -> custom.put(name, custom(name, value));
      }
    }
    return new RequestParameters(priority, timeoutMicros, custom);
  }

  private static long priority(InferParameter value) throws InferenceException {
    if (value.hasUint64Param()) {
      return value.getUint64Param();
    }
    expect(isInt64(value), "priority", "int64_param or uint64_param.");
    if (value.getInt64Param() < 0) {
      throw refusal("invalid value for 'priority', expected value >= 0.");
    }
    return value.getInt64Param();
  }

  private static Object custom(String name, InferParameter value) throws InferenceException {
    if (name.startsWith(RESERVED_PREFIX)) {
      throw refusal(
          "parameter keys starting with 'triton_' are reserved for Triton usage. Only the"
              + " following keys starting with 'triton_' are allowed: "
              + EMPTY_FINAL_RESPONSE);
    }
    return switch (value.getParameterChoiceCase()) {
      case BOOL_PARAM -> value.getBoolParam();
      case INT64_PARAM -> value.getInt64Param();
      case STRING_PARAM -> value.getStringParam();
      case DOUBLE_PARAM -> value.getDoubleParam();
      case UINT64_PARAM, PARAMETERCHOICE_NOT_SET ->
          throw wrongType(name, "int64_param, bool_param, or string_param.");
    };
  }

  private static boolean isInt64(InferParameter value) {
    return value.getParameterChoiceCase() == ParameterChoiceCase.INT64_PARAM;
  }

  private static void expect(boolean right, String name, String types) throws InferenceException {
    if (!right) {
      throw wrongType(name, types);
    }
  }

  private static InferenceException wrongType(String name, String types) {
    return refusal("invalid value type for '" + name + "' parameter, expected " + types);
  }

  private static InferenceException refusal(String text) {
    return new InferenceException(StatusCode.INVALID_ARGUMENT, text);
  }
}
