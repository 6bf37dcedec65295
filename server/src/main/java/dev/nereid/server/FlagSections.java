package dev.nereid.server;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Help;
import picocli.CommandLine.IHelpSectionRenderer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Prints the flags of {@link ServeCommand} by what they are about.
 *
 * <p>Picocli's own argument groups would print headings too, but start a group anew where a flag is
 * given twice, which takes the group's other flags back to their defaults.
 */
final class FlagSections implements IHelpSectionRenderer {

  /** Headings by the mixin that holds the flags. */
  private static final Map<String, String> HEADINGS = new LinkedHashMap<>();

  static {
    HEADINGS.put("repository", "Models:");
    HEADINGS.put("devices", "Devices:");
    HEADINGS.put("grpc", "gRPC:");
    HEADINGS.put("memory", "Memory:");
    HEADINGS.put("metrics", "Metrics:");
    HEADINGS.put("logs", "Log:");
  }

  @Override
  public String render(Help help) {
    CommandSpec command = help.commandSpec();
    List<OptionSpec> general = new ArrayList<>();
    List<OptionSpec> unsupported = new ArrayList<>();
    for (OptionSpec option : command.options()) {
      if (UnsupportedFlags.contains(option)) {
        unsupported.add(option);
      } else if (command.mixins().values().stream()
          .noneMatch(mixin -> mixin.findOption(option.longestName()) != null)) {
        general.add(option);
      }
    }
    StringBuilder text = new StringBuilder(section(help, general));
    HEADINGS.forEach(
        (mixin, heading) -> {
          CommandSpec flags = command.mixins().get(mixin);
          if (flags == null) {
            throw new IllegalStateException("mixin: " + mixin + " (expected: one of the command)");
          }
          text.append("%n%s%n".formatted(heading)).append(section(help, flags.options()));
        });
    text.append(
        "%nFlags of Triton's without an effect here (accepted at the values shown only):%n"
            .formatted());
    return text.append(section(help, unsupported)).toString();
  }

  private static String section(Help help, List<OptionSpec> options) {
    Help.Layout layout = help.createDefaultLayout(options, List.of(), help.colorScheme());
    layout.addOptions(options, help.createDefaultParamLabelRenderer());
    return layout.toString();
  }
}
