package dev.nereid.models;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code nereid models}: everything about making model repositories. */
@Command(
    name = "models",
    mixinStandardHelpOptions = true,
    exitCodeOnInvalidInput = 1,
    description = "Makes model repositories.",
    footer = {
      "",
      "Example:",
      "  nereid models build --into models",
    },
    subcommands = BuildCommand.class)
public final class ModelsCommand implements Runnable {

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "subcommand: none (expected: one of those below)");
  }
}
