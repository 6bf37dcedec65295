package dev.nereid.tensor;

/** Bytes are not the raw encoding of the tensor that they are said to be. */
public final class MalformedTensorException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /** Says which part, what it is, and what it should be. */
  public MalformedTensorException(String message) {
    super(message);
  }
}
