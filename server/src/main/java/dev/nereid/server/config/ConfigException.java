package dev.nereid.server.config;

/**
 * Why a model's configuration is refused. The message is for whoever wrote the file: behind {@code
 * <file>:<line>:<column>:} stand Triton's own words where it has some, {@code field: value
 * (expected: rule)} elsewhere. The place is that of the field, or of what it would lie in, as far
 * as there is one.
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
