package dev.nereid.bench.command;

import dev.nereid.bench.measure.ProbeResult;
import dev.nereid.bench.search.MaxResult;

/** How a bench command ended, for scripts. */
public final class ExitCode {
  /** Passed, or finished where no objective was given. */
  public static final int PASSED = 0;

  /** The command line is wrong. */
  public static final int USAGE = 1;

  /** The objective is not met. */
  public static final int SLO_NOT_MET = 2;

  /** The generator did not keep its schedule: the figures say nothing about the server. */
  public static final int INVALID = 3;

  /** The budget or the duration was too short to tell. */
  public static final int UNDECIDED = 4;

  /** The server is out of reach, has no such model, or fails every request. */
  public static final int SERVER_ERROR = 5;

  /** Ended by Ctrl-C. */
  public static final int INTERRUPTED = 130;

  private ExitCode() {}

  static int of(ProbeResult result) {
    if (result.interrupted()) {
      return INTERRUPTED;
    }
    boolean binding = result.plan().objective().binding();
    return switch (result.verdict()) {
      case INVALID -> INVALID;
      case PASS -> PASSED;
      case FAIL -> binding ? SLO_NOT_MET : PASSED;
      case UNDECIDED -> binding ? UNDECIDED : PASSED;
    };
  }

  /** How a search ended. */
  public static int of(MaxResult result) {
    return switch (result.outcome()) {
      case CONFIRMED, NOT_REACHED -> PASSED;
      case NOT_MET -> SLO_NOT_MET;
      case GENERATOR_LIMITED -> INVALID;
      case UNCONFIRMED, UNDECIDED -> UNDECIDED;
      case INTERRUPTED -> INTERRUPTED;
    };
  }
}
