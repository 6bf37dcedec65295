package dev.nereid.launcher.verify;

/**
 * One line of {@code nereid verify-gpu}.
 *
 * @param name what holds if it passes
 * @param body runs it; returns what it saw, in a few words
 */
record Check(String name, Body body) {

  /** Throws {@link CheckFailure} with the reason where what is checked does not hold. */
  interface Body {
    String run() throws Exception;
  }
}
