package dev.nereid.server;

import java.nio.file.Path;
import java.util.Optional;

/**
 * What is logged, how and where to.
 *
 * @param verbose 0 for none; higher says more
 * @param file in place of the standard error
 */
public record LogOptions(
    int verbose, boolean info, boolean warning, boolean error, Format format, Optional<Path> file) {

  /** How a line looks. */
  public enum Format {
    /** Triton's: {@code I1124 03:22:01.123456 4711 Logger] text}. */
    DEFAULT,
    /** Triton's: {@code 2026-11-24T03:22:01Z I 4711 Logger] text}. */
    ISO8601,
    /** One JSON object a line. */
    JSON
  }
}
