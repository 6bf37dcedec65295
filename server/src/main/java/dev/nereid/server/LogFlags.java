package dev.nereid.server;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The flags of {@link LogOptions}. */
final class LogFlags {

  @Option(
      names = "--log-verbose",
      paramLabel = "<level>",
      converter = Level.class,
      description = "0 for no verbose lines; 1 and more for them (default: ${DEFAULT-VALUE}).")
  int verbose = 0;

  @Option(
      names = "--log-info",
      arity = "1",
      paramLabel = "<true|false>",
      converter = BooleanFlag.class,
      description = "Log what happens (default: ${DEFAULT-VALUE}).")
  boolean info = true;

  @Option(
      names = "--log-warning",
      arity = "1",
      paramLabel = "<true|false>",
      converter = BooleanFlag.class,
      description = "Log warnings (default: ${DEFAULT-VALUE}).")
  boolean warning = true;

  @Option(
      names = "--log-error",
      arity = "1",
      paramLabel = "<true|false>",
      converter = BooleanFlag.class,
      description = "Log errors (default: ${DEFAULT-VALUE}).")
  boolean error = true;

  @Option(
      names = "--log-format",
      paramLabel = "<format>",
      converter = Format.class,
      description = "default, ISO8601, or JSON for one object a line (default: default).")
  LogOptions.Format format = LogOptions.Format.DEFAULT;

  @Option(
      names = "--log-file",
      paramLabel = "<file>",
      description = "Log into this file, not to the standard error.")
  @Nullable Path file;

  LogOptions options() {
    return new LogOptions(verbose, info, warning, error, format, Optional.ofNullable(file));
  }

  /** A verbosity: a number, or true for 1 as Triton takes it. */
  static final class Level implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      String lower = value.toLowerCase(Locale.ROOT);
      if (lower.equals("true") || lower.equals("false")) {
        return lower.equals("true") ? 1 : 0;
      }
      try {
        int level = Integer.parseInt(value);
        if (level >= 0) {
          return level;
        }
      } catch (NumberFormatException e) {
        // Reported below, as a negative number is.
      }
      throw new TypeConversionException(value + " (expected: a number >= 0)");
    }
  }

  static final class Format implements ITypeConverter<LogOptions.Format> {
    @Override
    public LogOptions.Format convert(String value) {
      for (LogOptions.Format format : LogOptions.Format.values()) {
        if (format.name().equalsIgnoreCase(value)) {
          return format;
        }
      }
      throw new TypeConversionException(value + " (expected: default, ISO8601 or JSON)");
    }
  }
}
