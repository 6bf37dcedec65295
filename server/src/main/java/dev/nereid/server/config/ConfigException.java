package dev.nereid.server.config;

/**
 * Why a model's configuration is refused. The message is for whoever wrote the file: Triton's own
 * text where it has one, {@code <file>:<line>:<column>: field: value (expected: rule)} elsewhere.
 */
public final class ConfigException extends Exception {

  private static final long serialVersionUID = 1L;

  public ConfigException(String message) {
    super(message);
  }

  public ConfigException(String message, Throwable cause) {
    super(message, cause);
  }
}
