package dev.nereid.backend.contract;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * One request of a {@link TestBatch}.
 *
 * @param outputs those it asks for; empty for all
 */
public record TestRequest(Map<String, TestTensor> inputs, Set<String> outputs) {

  public TestRequest {
    inputs = new LinkedHashMap<>(inputs);
    outputs = Set.copyOf(outputs);
  }

  public TestRequest(Map<String, TestTensor> inputs) {
    this(inputs, Set.of());
  }

  /** One input, all outputs. */
  public TestRequest(String input, TestTensor tensor) {
    this(Map.of(input, tensor));
  }

  /** The same, asking for those outputs only. */
  public TestRequest wanting(String... names) {
    return new TestRequest(inputs, Set.of(names));
  }

  boolean wants(String output) {
    return outputs.isEmpty() || outputs.contains(output);
  }
}
