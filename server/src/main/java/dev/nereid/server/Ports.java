package dev.nereid.server;

import picocli.CommandLine.TypeConversionException;

/** The rule for port flags. */
final class Ports {

  private Ports() {}

  static void check(String flag, int port) {
    if (port < 0 || port > 65535) {
      throw new TypeConversionException(flag + ": " + port + " (expected: 0..65535)");
    }
  }
}
