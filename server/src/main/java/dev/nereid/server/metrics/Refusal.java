package dev.nereid.server.metrics;

/**
 * Why a request was turned away before it was queued. Triton counts none of these; they are kept
 * apart from {@link FailureReason} so that its counters keep Triton's meaning.
 */
public enum Refusal {
  /** The queue of its priority was full. */
  QUEUE_FULL,
  /** The server, or this model version, was stopping. */
  STOPPING,
  /** It did not fit the model: a name, a type, a shape, a size. */
  INVALID,
  /** No instance of the model version could run any more. */
  NO_INSTANCE,
  /** The memory for its tensors was over the server's bound. */
  OUT_OF_MEMORY
}
