package dev.nereid.server.inference;

/** A refusal that goes to the client as it is: a code and a text. Carries no stack trace. */
public final class InferenceException extends Exception {

  private static final long serialVersionUID = 1L;

  private final StatusCode code;

  public InferenceException(StatusCode code, String message) {
    super(message, null, false, false);
    this.code = code;
  }

  public StatusCode code() {
    return code;
  }

  /** The text; never null. */
  public String text() {
    String message = getMessage();
    return message == null ? "" : message;
  }
}
