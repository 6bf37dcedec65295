package dev.nereid.bench.command;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench}: measures a model of any KServe v2 server. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    exitCodeOnInvalidInput = ExitCode.USAGE,
    exitCodeOnExecutionException = ExitCode.SERVER_ERROR,
    description = {
      "Measures a model of a KServe v2 server: this one's, a real Triton's, any other's.",
      ""
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  nereid bench run -m resnet50 --rate 50 --duration 30s",
      "  nereid bench max -m resnet50 --slo 'p95<=100ms' --html report.html"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the spec
public final class BenchCommand implements Runnable {
  @Spec private CommandSpec spec;

  /** The command with its subcommands, hearing Ctrl-C and seeing the terminal of this process. */
  public static CommandLine commandLine() {
    return commandLine(Interrupts.ofProcess(), Terminal.detect());
  }

  /**
   * The command with its subcommands, to be run on its own or added to another.
   *
   * @param interrupts where Ctrl-C comes from
   * @param terminal what standard error can do
   */
  public static CommandLine commandLine(Interrupts interrupts, Terminal terminal) {
    Session session = new Session(interrupts, terminal);
    return new CommandLine(new BenchCommand())
        .addSubcommand(new RunCommand(session))
        .addSubcommand(new MaxCommand(session));
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Missing a command: run or max");
  }
}
