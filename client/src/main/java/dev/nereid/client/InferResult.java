package dev.nereid.client;

import dev.nereid.protocol.InferParameter;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;

/**
 * A server's answer. Immutable, on the heap: nothing is to be released.
 *
 * @param modelVersion the version that answered
 * @param id the request's
 * @param outputs in the server's order, which may be any
 */
public record InferResult(
    String modelName,
    String modelVersion,
    String id,
    Map<String, InferParameter> parameters,
    List<InferOutput> outputs) {

  public InferResult {
    outputs = List.copyOf(outputs);
  }

  /**
   * The output of that name.
   *
   * @throws NoSuchElementException if there is none
   */
  public InferOutput output(String name) {
    for (InferOutput output : outputs) {
      if (output.name().equals(name)) {
        return output;
      }
    }
    throw new NoSuchElementException(
        "output: "
            + name
            + " (expected: one of "
            + outputs.stream().map(InferOutput::name).toList()
            + ")");
  }
}
