package dev.nereid.server.gpu;

/** What a telemetry library did not do: the function, its words for the error, and its number. */
public final class TelemetryException extends Exception {

  private static final long serialVersionUID = 1L;

  private final int code;

  TelemetryException(String function, int code, String text) {
    super("%s: %s (%d)".formatted(function, text, code));
    this.code = code;
  }

  TelemetryException(String message, Throwable cause) {
    super(message, cause);
    code = 0;
  }

  TelemetryException(String message) {
    super(message);
    code = 0;
  }

  /** The library's own number; 0 where there is none. */
  public int code() {
    return code;
  }
}
