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
    String description = status.getDescription();
    return new InferenceFailure(
        status.getCode(), description == null ? "" : description, status.getCause());
  }

  /** gRPC's code. */
  public Status.Code code() {
    return code;
  }

  /** The server's text to the letter, or gRPC's own; may be empty. */
  public String text() {
    return text;
  }
}
