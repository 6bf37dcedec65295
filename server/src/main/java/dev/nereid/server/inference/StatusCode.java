package dev.nereid.server.inference;

/**
 * Why a call failed, in Triton's vocabulary and what ours adds. Each endpoint maps it to its own
 * codes.
 */
public enum StatusCode {
  UNKNOWN,
  INTERNAL,
  NOT_FOUND,
  INVALID_ARGUMENT,
  UNAVAILABLE,
  UNIMPLEMENTED,
  ALREADY_EXISTS,
  CANCELLED,
  /** The client's own deadline passed while the request was here. */
  DEADLINE_EXCEEDED,
  /** A message, or the memory it needs, is over a limit of this server. */
  RESOURCE_EXHAUSTED
}
