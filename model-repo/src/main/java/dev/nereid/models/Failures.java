package dev.nereid.models;

import dev.nereid.backend.BackendException;
import dev.nereid.models.quantize.UnsupportedNetworkException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** What commands of {@code nereid models} say of failures, and what they exit with. */
final class Failures {

  /** A model or pictures that a command can do nothing with. */
  static final int EXIT_UNSUPPORTED = 2;

  /** A file that cannot be read or written, or an engine that is not there or does not run. */
  static final int EXIT_ERROR = 5;

  private Failures() {}

  /** What a command does. */
  interface Work {
    int run() throws IOException, BackendException, UnsupportedNetworkException;
  }

  /** Runs it; a failure becomes a line on standard error and an exit code. */
  static int report(CommandSpec spec, Work work) {
    try {
      return work.run();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    } catch (UnsupportedNetworkException e) {
      return say(spec, String.valueOf(e.getMessage()), EXIT_UNSUPPORTED);
    } catch (BackendException e) {
      return say(spec, String.valueOf(e.getMessage()), EXIT_ERROR);
    } catch (IOException e) {
      return say(spec, reason(e), EXIT_ERROR);
    }
  }

  private static int say(CommandSpec spec, String message, int exitCode) {
    spec.commandLine().getErr().println("nereid models " + spec.name() + ": " + message);
    return exitCode;
  }

  /** A file system's exception carries a path and, at times, nothing else. */
  private static String reason(IOException failure) {
    if (failure instanceof FileSystemException inFile && inFile.getReason() == null) {
      return inFile.getFile() + ": " + failure.getClass().getSimpleName();
    }
    return String.valueOf(failure.getMessage());
  }
}
