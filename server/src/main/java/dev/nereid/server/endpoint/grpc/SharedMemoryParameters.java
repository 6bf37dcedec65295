package dev.nereid.server.endpoint.grpc;

import dev.nereid.protocol.InferParameter;
import dev.nereid.protocol.InferParameter.ParameterChoiceCase;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.memory.RegionPart;
import dev.nereid.server.memory.SharedRegions;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where in shared memory a tensor lies, as its parameters say it.
 *
 * @param offset unsigned, from the region's start
 * @param byteSize unsigned
 */
record SharedMemoryParameters(String region, long offset, long byteSize) {

  private static final String REGION = "shared_memory_region";
  private static final String OFFSET = "shared_memory_offset";
  private static final String BYTE_SIZE = "shared_memory_byte_size";

  /**
   * Reads them.
   *
   * @return null for a tensor that lies elsewhere
   * @throws InferenceException INVALID_ARGUMENT for a parameter of a wrong type, a region without a
   *     size, and anything else without a region
   */
  static @Nullable SharedMemoryParameters read(
      String tensor, Map<String, InferParameter> parameters) throws InferenceException {
    if (parameters.isEmpty()) {
      return null;
    }
    InferParameter region = parameter(tensor, parameters, REGION, ParameterChoiceCase.STRING_PARAM);
    for (String name : List.of(OFFSET, BYTE_SIZE)) {
      if (region == null && parameters.containsKey(name)) {
        throw refusal(
            "'" + name + "' can not be specified without '" + REGION + "' parameter for tensor '",
            tensor,
            "'");
      }
    }
    InferParameter offset = parameter(tensor, parameters, OFFSET, ParameterChoiceCase.INT64_PARAM);
    InferParameter byteSize =
        parameter(tensor, parameters, BYTE_SIZE, ParameterChoiceCase.INT64_PARAM);
    if (region == null) {
      return null;
    }
    if (byteSize == null) {
      throw refusal(
          "'"
              + BYTE_SIZE
              + "' must be specified along with '"
              + REGION
              + "' parameter for tensor '",
          tensor,
          "'");
    }
    return new SharedMemoryParameters(
        region.getStringParam(),
        offset == null ? 0 : offset.getInt64Param(),
        byteSize.getInt64Param());
  }

  /** The memory; the caller releases it. */
  RegionPart in(SharedRegions regions) throws InferenceException {
    return regions.use(region, offset, byteSize);
  }

  private static @Nullable InferParameter parameter(
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
    return value;
  }

  private static InferenceException refusal(String before, String tensor, String after) {
    return new InferenceException(StatusCode.INVALID_ARGUMENT, before + tensor + after);
  }
}
