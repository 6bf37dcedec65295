package dev.nereid.launcher.verify;

import com.google.errorprone.annotations.FormatMethod;

/** What is checked does not hold; the message says what was seen and what was expected. */
final class CheckFailure extends Exception {

  private static final long serialVersionUID = 1L;

  CheckFailure(String message) {
    super(message);
  }

  /**
   * @throws CheckFailure with the formatted text, unless the condition holds
   */
  @FormatMethod
  static void unless(boolean holds, String format, Object... arguments) throws CheckFailure {
    if (!holds) {
      throw new CheckFailure(format.formatted(arguments));
    }
  }
}
