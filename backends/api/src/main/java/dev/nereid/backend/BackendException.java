package dev.nereid.backend;

/** Why a model cannot be loaded, or a batch cannot be run. The message is shown to users. */
public final class BackendException extends Exception {

  private static final long serialVersionUID = 1L;

  public BackendException(String message) {
    super(message);
  }

  public BackendException(String message, Throwable cause) {
    super(message, cause);
  }
}
