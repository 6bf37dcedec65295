package dev.nereid.client;

import dev.nereid.protocol.InferParameter;
import java.util.Map;

/**
 * An output that the client wants.
 *
 * @param parameters what the protocol knows for an output, such as {@code classification}
 */
public record RequestedOutput(String name, Map<String, InferParameter> parameters) {

  public RequestedOutput {
    parameters = Map.copyOf(parameters);
  }

  /** The tensor as it is. */
  public static RequestedOutput of(String name) {
    return new RequestedOutput(name, Map.of());
  }

  /** The tensor, written to shared memory; the result has its type and shape, and no data. */
  public static RequestedOutput inSharedMemory(String name, SharedMemoryPart part) {
    return new RequestedOutput(name, part.parameters());
  }

  /** The {@code labels} largest values as BYTES, each {@code value:index[:label]}. */
  public static RequestedOutput classification(String name, long labels) {
    return new RequestedOutput(
        name, Map.of("classification", InferParameter.newBuilder().setInt64Param(labels).build()));
  }
}
