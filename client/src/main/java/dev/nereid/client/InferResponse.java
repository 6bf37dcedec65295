package dev.nereid.client;

/** What came of reading a response; the reading itself never throws, since gRPC would hide why. */
sealed interface InferResponse {

  /** A response that says what it should. */
  record Valid(InferResult result) implements InferResponse {}

  /** Bytes that are no response, or one that contradicts itself. */
  record Malformed(String reason) implements InferResponse {}
}
