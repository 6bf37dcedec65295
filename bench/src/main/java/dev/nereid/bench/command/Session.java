package dev.nereid.bench.command;

import dev.nereid.bench.measure.StopSignal;
import dev.nereid.bench.target.TargetException;
import java.io.IOException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** What both commands share: interrupts around the work, errors turned into exit codes. */
final class Session {
  private final Interrupts interrupts;
  private final Terminal terminal;

  Session(Interrupts interrupts, Terminal terminal) {
    this.interrupts = interrupts;
    this.terminal = terminal;
  }

  /** Work that measures. */
  interface Work {
    int run(StopSignal stop) throws TargetException, IOException;
  }

  Terminal terminal() {
    return terminal;
  }

  /** Runs it and says what went wrong in one line on standard error. */
  int run(CommandLine commandLine, Work work) {
    StopSignal stop = new StopSignal();
    Runnable undo = interrupts.watch(stop);
    try {
      return work.run(stop);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(commandLine, String.valueOf(e.getMessage()), e);
    } catch (TargetException | IOException e) {
      commandLine.getErr().println("bench: " + e.getMessage());
      return ExitCode.SERVER_ERROR;
    } finally {
      commandLine.getErr().flush();
      undo.run();
    }
  }
}
