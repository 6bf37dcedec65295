package dev.nereid.bench.command;

import dev.nereid.bench.Bench;
import dev.nereid.bench.measure.GeneratorHealth;
import dev.nereid.bench.measure.StopSignal;
import dev.nereid.bench.report.BenchReport;
import dev.nereid.bench.report.Environment;
import dev.nereid.bench.report.TextReport;
import dev.nereid.bench.search.MaxResult;
import dev.nereid.bench.search.MaxSettings;
import dev.nereid.bench.search.SearchListener;
import dev.nereid.bench.statistics.Slo;
import dev.nereid.bench.target.GpuMeter;
import dev.nereid.bench.target.GrpcTarget;
import dev.nereid.bench.target.TargetException;
import dev.nereid.bench.target.TargetOptions;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bench max}: the highest rate within an objective. */
@Command(
    name = "max",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    exitCodeOnInvalidInput = ExitCode.USAGE,
    exitCodeOnExecutionException = ExitCode.SERVER_ERROR,
    description = {
      "Finds the highest request rate at which a model meets an objective, with a 95 %% interval.",
      "",
      "Calibrates, brackets, bisects with verdicts PASS, FAIL and UNDECIDED, confirms with a long run, and"
          + " says what limits the server.",
      ""
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  nereid bench max -m resnet50 --slo 'p95<=100ms'",
      "  nereid bench max -m resnet50 --slo 'p99<250ms' --images photos --budget 5m --html max.html",
      "  nereid bench max -m resnet50 -u triton:8001 --slo 'p95<=100ms' --json max.json",
      "",
      "Exit codes: 0 found and confirmed, 1 usage, 2 objective not met at any rate, 3 invalid (generator"
          + " late), 4 undecided or unconfirmed within the budget, 5 server or transport error,"
          + " 130 interrupted."
    })
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class MaxCommand implements Callable<Integer> {
  private final Session session;

  @Spec private CommandSpec spec;

  @Mixin private TargetArguments target;

  @Option(
      names = "--slo",
      required = true,
      paramLabel = "SLO",
      description =
          "The objective: a percentile, < or <=, and a bound in us, ms or s, such as 'p95<=100ms'.")
  private String slo;

  @Option(
      names = "--budget",
      defaultValue = "2m",
      converter = Durations.class,
      paramLabel = "DURATION",
      description =
          "Time for the whole search; longer narrows the interval. Default: ${DEFAULT-VALUE}.")
  private Duration budget;

  @Option(
      names = "--confirm",
      defaultValue = "30s",
      converter = Durations.class,
      paramLabel = "DURATION",
      description = "The longest confirming run. Default: ${DEFAULT-VALUE}.")
  private Duration confirm;

  @Option(
      names = "--precision",
      defaultValue = "0.01",
      paramLabel = "SHARE",
      description =
          "Stop searching once the interval is the limit ± this share of it. Default: ${DEFAULT-VALUE}.")
  private double precision;

  @Option(
      names = "--start-rate",
      paramLabel = "R",
      description = "Where to start. Default: calibrated by a closed loop.")
  private @Nullable Double startRate;

  @Option(
      names = "--max-rate",
      paramLabel = "R",
      description = "Never offer more. Default: no limit.")
  private @Nullable Double maxRate;

  @Mixin private GeneratorArguments generator;

  @Mixin private MetricsArguments metrics;

  @Mixin private OutputArguments output;

  MaxCommand(Session session) {
    this.session = session;
  }

  @Override
  public Integer call() {
    return session.run(spec.commandLine(), this::measure);
  }

  private int measure(StopSignal stop) throws TargetException, IOException {
    TargetOptions options = target.options();
    MaxSettings settings = settings();
    checkTimeout(options, Optional.of(settings.slo()));
    GeneratorHealth.Limits limits = generator.limits(settings.slo().limitNanos());
    output.check();
    metrics.check();
    Instant startedAt = Instant.now();
    SearchListener listener =
        output.isQuiet()
            ? SearchListener.SILENT
            : new ProgressPrinter(spec.commandLine().getErr(), session.terminal());
    try (GrpcTarget grpc = GrpcTarget.connect(options);
        GpuMeter gpus = metrics.start(spec.commandLine().getErr())) {
      Bench bench = new Bench(grpc, limits, options.timeout(), gpus, stop);
      MaxResult result = bench.max(settings, listener);
      String text = TextReport.search(result) + '\n' + TextReport.table(List.of(result));
      BenchReport report = BenchReport.ofSearches(Environment.here(startedAt), List.of(result));
      output.write(report, text, spec.commandLine().getOut());
      return ExitCode.of(result);
    }
  }

  private MaxSettings settings() {
    requirePositive("budget", budget);
    requirePositive("confirm", confirm);
    return new MaxSettings(
        Slo.parse(slo),
        generator.arrivals(),
        budget,
        generator.warmup(),
        confirm,
        target.seed(),
        precision,
        startRate == null ? OptionalDouble.empty() : OptionalDouble.of(startRate),
        maxRate == null ? Double.POSITIVE_INFINITY : maxRate);
  }

  /** A request must be able to be late before it is given up. */
  static void checkTimeout(TargetOptions options, Optional<Slo> slo) {
    if (slo.isPresent() && options.timeout().toNanos() <= slo.get().limitNanos()) {
      throw new IllegalArgumentException(
          "timeout: "
              + options.timeout().toMillis()
              + "ms (expected: longer than the objective's bound)");
    }
  }

  static void requirePositive(String name, Duration duration) {
    if (duration.isZero() || duration.isNegative()) {
      throw new IllegalArgumentException(name + ": " + duration + " (expected: > 0)");
    }
  }
}
