package dev.nereid.server.metrics;

/** Why an accepted request failed: the {@code reason} of {@code nv_inference_request_failure}. */
public enum FailureReason {
  /** Its queue timeout expired; a full queue is a {@link Refusal}, as in Triton. */
  REJECTED,
  /** Its client withdrew it, or the client's own deadline passed while it waited. */
  CANCELED,
  /** The backend failed it. */
  BACKEND,
  /** Anything else, such as the server stopping or running out of memory for its outputs. */
  OTHER
}
