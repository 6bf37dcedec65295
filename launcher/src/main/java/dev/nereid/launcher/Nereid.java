package dev.nereid.launcher;

import dev.nereid.models.ModelsCommand;
import dev.nereid.server.ServeCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

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
      "      makes the model repository that quickstart uses",
      "  nereid <subcommand> --help",
      "      every option of a subcommand, with an example",
    },
    subcommands = {ServeCommand.class, ModelsCommand.class, HelpCommand.class})
public final class Nereid implements Runnable {

  @Spec private CommandSpec spec;

  Nereid() {}

  public static void main(String[] arguments) {
    System.exit(commandLine().execute(arguments));
  }

  /** The whole command with its subcommands, as {@link #main} runs it. */
  static CommandLine commandLine() {
    return new CommandLine(new Nereid());
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "subcommand: none (expected: one of those below)");
  }
}
