package dev.nereid.launcher;

import dev.nereid.bench.command.BenchCommand;
import dev.nereid.launcher.verify.VerifyGpuCommand;
import dev.nereid.models.ModelsCommand;
import dev.nereid.server.ServeCommand;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The {@code nereid} command. */
@Command(
    name = "nereid",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description =
        "Serves models over KServe v2 as Triton does, and measures the highest rate at which a"
            + " server still answers in time.",
    footer = {
      "",
      "Examples:",
      "  nereid quickstart",
      "      makes models, serves them here, measures each, prints a table and writes a report",
      "  nereid models build --into models",
      "  nereid serve --model-repository=models",
      "  nereid bench max -m resnet50_onnx --slo 'p95<=250ms'",
      "      the same by hand, step by step; bench measures any KServe v2 server (-u HOST:PORT)",
      "  nereid <subcommand> --help",
      "      every option of a subcommand, with an example",
      "  nereid --gpu-stack=trt10 serve --model-repository=models",
      "      with the libraries of a GPU stack: tftrt, trt10, ort-gpu or a folder; so does"
          + " NEREID_GPU_STACK",
    },
    exitCodeOnInvalidInput = Nereid.EXIT_USAGE,
    subcommands = {QuickstartCommand.class, ServeCommand.class, ClassArchive.class})
public final class Nereid implements Runnable {

  static final int EXIT_USAGE = 1;

  @Spec private CommandSpec spec;

  Nereid() {}

  public static void main(String[] arguments) {
    int exitCode;
    try (InstalledEngines engines = new InstalledEngines()) {
      exitCode = commandLine(engines).execute(arguments);
    }
    System.exit(exitCode);
  }

  /**
   * The whole command with its subcommands, as {@link #main} runs it.
   *
   * @param engines of the process; started when first asked for
   */
  static CommandLine commandLine(InstalledEngines engines) {
    return new CommandLine(new Nereid())
        .addSubcommand(ModelsCommand.commandLine(engines))
        .addSubcommand(BenchCommand.commandLine())
        .addSubcommand(new VerifyGpuCommand(engines))
        .setParameterExceptionHandler((e, arguments) -> usageError(e));
  }

  /** Says what is wrong, without the pages of options that would push it off the screen. */
  private static int usageError(ParameterException e) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    err.println(command.getColorScheme().errorText(e.getMessage()));
    UnmatchedArgumentException.printSuggestions(e, err);
    if (command.getSubcommands().isEmpty()) {
      err.printf("Try '%s --help'.%n", command.getCommandSpec().qualifiedName());
    } else {
      command.usage(err);
    }
    return command.getCommandSpec().exitCodeOnInvalidInput();
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "subcommand: none (expected: one of those below)");
  }
}
