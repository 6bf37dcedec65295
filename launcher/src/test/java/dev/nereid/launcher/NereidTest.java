package dev.nereid.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.atIndex;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

final class NereidTest {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  static Stream<List<String>> commands() {
    List<List<String>> paths = new ArrayList<>();
    collect(List.of(), Nereid.commandLine(new InstalledEngines()), paths);
    return paths.stream();
  }

  private static void collect(List<String> path, CommandLine command, List<List<String>> paths) {
    paths.add(path);
    command
        .getSubcommands()
        .forEach(
            (name, subcommand) -> {
              List<String> longer = new ArrayList<>(path);
              longer.add(name);
              collect(longer, subcommand, paths);
            });
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyCommandsHelpShowsAnExample(List<String> path) {
    assertThat(run(path, "--help")).isZero();
    assertThat(out.toString()).contains("Example").contains("nereid ");
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyOptionIsDescribed(List<String> path) {
    CommandLine command = Nereid.commandLine(new InstalledEngines());
    for (String name : path) {
      command = Objects.requireNonNull(command.getSubcommands().get(name));
    }
    assertThat(command.getCommandSpec().options())
        .filteredOn(option -> !option.hidden())
        .allSatisfy(
            option -> assertThat(description(option)).as(option.longestName()).isNotEmpty());
  }

  @ParameterizedTest
  @MethodSource("commands")
  void anOptionThatDoesNotExistIsAUsageError(List<String> path) {
    assertThat(run(path, "--no-such-option")).isEqualTo(1);
    // Where something required is missing as well, picocli says that first.
    assertThat(err.toString()).containsAnyOf("--no-such-option", "Missing required");
  }

  @Test
  void anErrorIsNotPushedOffTheScreenByPagesOfOptions() {
    assertThat(run(List.of("serve"), "--model-repository=m", "--grpc-port=x")).isEqualTo(1);
    assertThat(err.toString().lines())
        .hasSize(2)
        .satisfies(line -> assertThat(line).contains("--grpc-port"), atIndex(0))
        .contains("Try 'nereid serve --help'.", atIndex(1));
  }

  @Test
  void aSubcommandThatDoesNotExistIsAUsageError() {
    assertThat(run(List.of(), "quickstrat")).isEqualTo(1);
    assertThat(err.toString()).contains("quickstrat");
  }

  @Test
  void noSubcommandAtAllIsAUsageErrorThatListsThem() {
    assertThat(run(List.of())).isEqualTo(1);
    assertThat(err.toString()).contains("quickstart", "serve", "models", "bench");
  }

  @Test
  void theVersionNamesOursAndTheJavaThatRunsIt() {
    assertThat(run(List.of(), "--version")).isZero();
    assertThat(out.toString()).startsWith("nereid ").contains("Java " + Runtime.version());
  }

  @Test
  void quickstartOutsideOfADistributionSaysHowToStartIt() {
    assertThat(run(List.of("quickstart"))).isEqualTo(5);
    assertThat(err.toString())
        .contains("nereid.home: '' (expected: a distribution; start this with its bin/nereid)");
  }

  @Test
  void quickstartRefusesAnObjectiveThatIsNone() {
    assertThat(run(List.of("quickstart"), "--slo", "fast")).isEqualTo(1);
    assertThat(err.toString()).contains("fast").contains("expected:");
  }

  private static String description(ArgSpec option) {
    return option instanceof OptionSpec ? String.join(" ", option.description()) : "";
  }

  private int run(List<String> path, String... arguments) {
    List<String> all = new ArrayList<>(path);
    all.addAll(List.of(arguments));
    return Nereid.commandLine(new InstalledEngines())
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(all.toArray(String[]::new));
  }
}
