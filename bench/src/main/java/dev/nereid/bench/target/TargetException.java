package dev.nereid.bench.target;

/** The server cannot be measured: out of reach, no such model, or inputs that cannot be made up. */
public final class TargetException extends Exception {
  private static final long serialVersionUID = 1;

  public TargetException(String message) {
    super(message);
  }

  public TargetException(String message, Throwable cause) {
    super(message, cause);
  }
}
