package dev.nereid.server.config;

/**
 * Why a model's configuration is refused. The message is for whoever wrote the file: Triton's own
 * text where it has one, {@code <file>:<line>:<column>: field: value (expected: rule)} elsewhere.
 */
public final class ConfigException extends Exception {

  private static final long serialVersionUID = 1L;

  /** Values are quoted as they were written; one that fills pages need not be read to its end. */
  private static final int MAX_LENGTH = 4000;

  public ConfigException(String message) {
    super(shortened(message));
  }

  public ConfigException(String message, Throwable cause) {
    super(shortened(message), cause);
  }

  private static String shortened(String message) {
    return message.length() <= MAX_LENGTH
        ? message
        : message.substring(0, MAX_LENGTH) + "… (" + message.length() + " characters)";
  }
}
