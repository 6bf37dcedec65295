package dev.nereid.models.quantize;

/** A network that cannot be quantised, with what is in the way. */
public final class UnsupportedNetworkException extends Exception {

  private static final long serialVersionUID = 1;

  public UnsupportedNetworkException(String message) {
    super(message);
  }

  public UnsupportedNetworkException(String message, Throwable cause) {
    super(message, cause);
  }
}
