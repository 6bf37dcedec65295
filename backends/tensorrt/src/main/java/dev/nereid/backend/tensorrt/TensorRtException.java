package dev.nereid.backend.tensorrt;

/** TensorRT refused something; the message is its own, where it gave one. */
final class TensorRtException extends Exception {

  private static final long serialVersionUID = 1L;

  TensorRtException(String message) {
    super(message);
  }
}
