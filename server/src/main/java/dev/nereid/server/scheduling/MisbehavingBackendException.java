package dev.nereid.server.scheduling;

/** A backend asked for, or wrote, what cannot be right; its batch fails with this text. */
final class MisbehavingBackendException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  MisbehavingBackendException(String message) {
    super(message);
  }
}
