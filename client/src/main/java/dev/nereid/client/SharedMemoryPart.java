package dev.nereid.client;

import dev.nereid.protocol.InferParameter;
import java.util.HashMap;
import java.util.Map;

/**
 * Where in a registered region of shared memory a tensor lies.
 *
 * <p>A server reads and writes it where it lies if it starts at a multiple of 64 bytes; otherwise
 * it may copy.
 *
 * @param region the name that it was registered by
 * @param offset bytes from the region's start
 * @param byteSize of the tensor, for an input; for an output, the room that there is for it
 */
public record SharedMemoryPart(String region, long offset, long byteSize) {

  public SharedMemoryPart {
    if (offset < 0) {
      throw new IllegalArgumentException("offset: " + offset + " (expected: >= 0)");
    }
    if (byteSize < 0) {
      throw new IllegalArgumentException("byteSize: " + byteSize + " (expected: >= 0)");
    }
  }

  /** As a tensor's parameters say it. */
  Map<String, InferParameter> parameters() {
    Map<String, InferParameter> parameters = new HashMap<>();
    parameters.put(
        "shared_memory_region", InferParameter.newBuilder().setStringParam(region).build());
    parameters.put(
        "shared_memory_byte_size", InferParameter.newBuilder().setInt64Param(byteSize).build());
    if (offset > 0) {
      parameters.put(
          "shared_memory_offset", InferParameter.newBuilder().setInt64Param(offset).build());
    }
    return parameters;
  }
}
