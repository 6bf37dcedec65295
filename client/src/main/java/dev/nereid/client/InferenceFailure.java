package dev.nereid.client;

import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * A call failed: the one exception of this client, for every call and every cause.
 *
 * <p>It has no stack trace: failures are made on event loops, by the thousand when a server
 * overflows.
 */
public final class InferenceFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Status.Code code;
  private final String text;

  InferenceFailure(Status.Code code, String text, @Nullable Throwable cause) {
    super(text.isEmpty() ? code.name() : code + ": " + text, cause, false, false);
    this.code = code;
    this.text = text;
  }

  static InferenceFailure of(Status status) {
    String text = status.getDescription() == null ? "" : status.getDescription();
    Throwable cause = status.getCause();
    if (cause == null) {
      return new InferenceFailure(status.getCode(), text, null);
    }
    // Only gRPC itself gives causes, and puts what went wrong there rather than in its text.
    String why = text.isEmpty() ? cause.getMessage() : text + ": " + cause.getMessage();
    return new InferenceFailure(status.getCode(), String.valueOf(why), cause);
  }

  /** gRPC's code. */
  public Status.Code code() {
    return code;
  }

  /** The server's text to the letter, or what the client itself has to say; may be empty. */
  public String text() {
    return text;
  }
}
