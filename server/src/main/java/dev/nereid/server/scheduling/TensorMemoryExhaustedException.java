package dev.nereid.server.scheduling;

import dev.nereid.server.inference.InferenceException;

/** Carries the refusal of {@code TensorMemory} through a backend's code. */
final class TensorMemoryExhaustedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final InferenceException refusal;

  TensorMemoryExhaustedException(InferenceException refusal) {
    super(refusal);
    this.refusal = refusal;
  }

  InferenceException refusal() {
    return refusal;
  }
}
