package dev.nereid.models;

import dev.nereid.models.quantize.Engines;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code nereid models}: everything about making model repositories. */
@Command(
    name = "models",
    mixinStandardHelpOptions = true,
    exitCodeOnInvalidInput = 1,
    description =
        "Makes model repositories, around ResNet-50 or a model of yours, and models of 8-bit integers.",
    footer = {
      "",
      "Examples:",
      "  nereid models build --into models",
      "  nereid models quantize models/resnet50_onnx --into models/resnet50_q --corpus 16",
      "  nereid models import --onnx flowers.onnx --into models --images photos",
    })
public final class ModelsCommand implements Runnable {

  @Spec private CommandSpec spec;

  private ModelsCommand() {}

  /**
   * The command with its subcommands.
   *
   * @param engines that calibrate models of 8 bits; asked only where some are made
   */
  public static CommandLine commandLine(Engines engines) {
    return new CommandLine(new ModelsCommand())
        .addSubcommand(new BuildCommand(engines))
        .addSubcommand(new QuantizeCommand(engines))
        .addSubcommand(new ImportCommand(engines));
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "subcommand: none (expected: one of those below)");
  }
}
