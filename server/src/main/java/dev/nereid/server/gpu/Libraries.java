package dev.nereid.server.gpu;

import java.util.Objects;

/** Why a library could not be loaded, on one line. */
final class Libraries {

  private Libraries() {}

  static String reason(String library, LinkageError error) {
    String message = Objects.toString(error.getMessage(), error.toString());
    // JNA tells of every place where it looked, a line each; the system's loader comes first.
    for (String line : message.lines().skip(1).toList()) {
      if (line.contains(library)) {
        return line.strip();
      }
    }
    return library + ": " + message.lines().findFirst().orElse(message);
  }
}
