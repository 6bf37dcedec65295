package dev.nereid.backend.tensorflow;

/**
 * Engines could not be written to or read from files in a session, after which TensorFlow may
 * refuse every run of it: the session has to be made again, without files.
 */
final class EnginesUnusable extends Exception {

  private static final long serialVersionUID = 1L;

  EnginesUnusable(String message, Throwable cause) {
    super(message, cause);
  }
}
