package dev.nereid.client;

import java.util.Map;

/** What came of reading a response; the reading itself never throws, since gRPC would hide why. */
sealed interface InferResponse {

  /**
   * A response that says what it should.
   *
   * @param empty outputs without data that are not empty tensors, and so have to be in shared
   *     memory: by name, what is wrong if they are not
   */
  record Valid(InferResult result, Map<String, String> empty) implements InferResponse {}

  /** Bytes that are no response, or one that contradicts itself. */
  record Malformed(String reason) implements InferResponse {}
}
