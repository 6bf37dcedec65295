package dev.nereid.launcher;

import dev.nereid.bench.command.Durations;
import dev.nereid.bench.command.ExitCode;
import dev.nereid.bench.command.ProgressPrinter;
import dev.nereid.bench.command.Terminal;
import dev.nereid.bench.report.BenchReport;
import dev.nereid.bench.report.Environment;
import dev.nereid.bench.report.HtmlReport;
import dev.nereid.bench.report.JsonReport;
import dev.nereid.bench.report.TextReport;
import dev.nereid.bench.search.MaxResult;
import dev.nereid.bench.search.MaxSettings;
import dev.nereid.bench.search.SearchListener;
import dev.nereid.bench.statistics.Slo;
import dev.nereid.bench.target.TargetException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code nereid quickstart}. */
@Command(
    name = "quickstart",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    exitCodeOnInvalidInput = ExitCode.USAGE,
    exitCodeOnExecutionException = ExitCode.SERVER_ERROR,
    description = {
      "Makes models, serves them on this machine's CPU, finds each one's highest rate within an"
          + " objective, prints a table and writes a report.",
      "",
      "The models are ResNet-50 with random weights: their speed is true, their answers are not. The"
          + " server is a process of its own, on loopback ports, and has ended when this ends. Takes"
          + " about the budget for each of four models.",
      ""
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  nereid quickstart",
      "  nereid quickstart --slo 'p99<=500ms' --budget 2m --only resnet50_onnx",
      "",
      "Exit codes: 0 the table and the report are there, 1 usage, 2 an objective not met at any rate, 3"
          + " invalid (generator late), 5 server or file error, 130 interrupted."
    })
final class QuickstartCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(
      names = "--slo",
      defaultValue = "p95<=250ms",
      paramLabel = "SLO",
      description = "The objective: a percentile, < or <=, and a bound. Default: ${DEFAULT-VALUE}.")
  private String slo;

  @Option(
      names = "--budget",
      defaultValue = "90s",
      converter = Durations.class,
      paramLabel = "DURATION",
      description =
          "Time for each model's search; longer narrows the intervals. Default: ${DEFAULT-VALUE}.")
  private Duration budget;

  @Option(
      names = "--only",
      paramLabel = "NAME",
      split = ",",
      description = "Measure these models and no others.")
  private String[] only = {};

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      defaultValue = ".nereid",
      description =
          "Where models, the server's log and the report go; models are kept for the next run."
              + " Default: ${DEFAULT-VALUE} in the current folder.")
  private Path folder;

  @Override
  public Integer call() {
    Terminal terminal = Terminal.detect();
    PrintWriter err = spec.commandLine().getErr();
    try {
      MaxSettings settings = MaxSettings.of(Slo.parse(slo)).withBudget(budget);
      Instant startedAt = Instant.now();
      List<MaxResult> results =
          new Quickstart(
                  Home.folder(), folder.toAbsolutePath().normalize(), new Printed(err, terminal))
              .run(new LinkedHashSet<>(Arrays.asList(only)), settings);
      return report(BenchReport.ofSearches(Environment.here(startedAt), results));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    } catch (IOException | TargetException | IllegalStateException e) {
      err.println("nereid quickstart: " + e.getMessage());
      return ExitCode.SERVER_ERROR;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return ExitCode.INTERRUPTED;
    }
  }

  private int report(BenchReport report) throws IOException {
    Path html = folder.resolve("quickstart.html");
    try (Writer writer = Files.newBufferedWriter(html)) {
      HtmlReport.write(report, writer);
    }
    Path json = folder.resolve("quickstart.json");
    try (Writer writer = Files.newBufferedWriter(json)) {
      JsonReport.write(report, writer);
    }
    PrintWriter out = spec.commandLine().getOut();
    out.println();
    out.print(TextReport.table(report.searches()));
    out.println();
    out.println("report: " + html.toAbsolutePath().normalize().toUri());
    out.println("data:   " + json.toAbsolutePath().normalize());
    out.flush();
    return exitCode(report.searches());
  }

  /**
   * Of several models' codes, the one that says most against the figures. A limit that the budget
   * was too short to confirm says so in the table, and is no failure of the quickstart.
   */
  static int exitCode(List<MaxResult> results) {
    List<Integer> byWeight =
        List.of(ExitCode.UNDECIDED, ExitCode.PASSED, ExitCode.SLO_NOT_MET, ExitCode.INVALID);
    return results.stream()
        .map(ExitCode::of)
        .max(Comparator.comparingInt(byWeight::indexOf))
        .filter(code -> code != ExitCode.UNDECIDED)
        .orElse(ExitCode.PASSED);
  }

  /** Steps as lines on standard error. */
  private record Printed(PrintWriter err, Terminal terminal) implements Quickstart.Steps {

    @Override
    public void say(String line) {
      err.println(line);
      err.flush();
    }

    @Override
    public SearchListener search(int number, int of, String model) {
      say("");
      say("model " + number + " of " + of + ": " + model);
      return new ProgressPrinter(err, terminal);
    }
  }
}
