package dev.nereid.server.endpoint.grpc;

import dev.nereid.protocol.InferParameter;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import java.util.Map;

/** A tensor's shared memory parameters: checked for what they are, then refused. */
final class SharedMemoryParameters {

  private static final String REGION = "shared_memory_region";
  private static final String BYTE_SIZE = "shared_memory_byte_size";

  /** Triton's, where shared memory is not switched on. */
  private static final String DISABLED =
      "Client shared memory is disabled. Start the server with '--allow-client-shm=true' to"
          + " enable.";

  private SharedMemoryParameters() {}

  /** Whether a tensor is to lie in shared memory. */
  static boolean isRegion(Map<String, InferParameter> parameters) {
    return parameters.containsKey(REGION);
  }

  /**
   * Refuses a tensor that names a region.
   *
   * @throws InferenceException INVALID_ARGUMENT where the region has no size, else UNIMPLEMENTED
   */
  static void reject(String tensor, Map<String, InferParameter> parameters)
      throws InferenceException {
    if (!isRegion(parameters)) {
      return;
    }
    if (!parameters.containsKey(BYTE_SIZE)) {
      throw new InferenceException(
          StatusCode.INVALID_ARGUMENT,
          "'shared_memory_byte_size' must be specified along with 'shared_memory_region' parameter"
              + " for tensor '"
              + tensor
              + "'");
    }
    throw new InferenceException(StatusCode.UNIMPLEMENTED, DISABLED);
  }
}
