package dev.nereid.bench.command;

import dev.nereid.bench.Bench;
import dev.nereid.bench.measure.GeneratorHealth;
import dev.nereid.bench.measure.ProbePlan.Load;
import dev.nereid.bench.measure.ProbeResult;
import dev.nereid.bench.measure.StopSignal;
import dev.nereid.bench.report.BenchReport;
import dev.nereid.bench.report.Environment;
import dev.nereid.bench.report.Quantities;
import dev.nereid.bench.report.TextReport;
import dev.nereid.bench.statistics.Slo;
import dev.nereid.bench.target.GpuMeter;
import dev.nereid.bench.target.GrpcTarget;
import dev.nereid.bench.target.TargetException;
import dev.nereid.bench.target.TargetOptions;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bench run}: one load for a while. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    exitCodeOnInvalidInput = ExitCode.USAGE,
    exitCodeOnExecutionException = ExitCode.SERVER_ERROR,
    description = {
      "Measures a model under one load.",
      "",
      "With --rate requests leave on a schedule that the answers cannot delay (open loop), and response times"
          + " start at the instant that the schedule says. With --concurrency so many requests are always"
          + " outstanding (closed loop).",
      ""
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  nereid bench run -m resnet50 --rate 50 --duration 30s",
      "  nereid bench run -m resnet50 --rate 50 --slo 'p95<=100ms' --json -",
      "  nereid bench run -m resnet50 --concurrency 8 --images photos --html run.html",
      "",
      "Exit codes: 0 passed, 1 usage, 2 objective not met, 3 invalid (generator late), 4 undecided,"
          + " 5 server or transport error, 130 interrupted."
    })
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class RunCommand implements Callable<Integer> {
  private final Session session;

  @Spec private CommandSpec spec;

  @Mixin private TargetArguments target;

  @ArgGroup(exclusive = true, multiplicity = "1")
  private LoadChoice load;

  @Option(
      names = "--duration",
      defaultValue = "10s",
      converter = Durations.class,
      paramLabel = "DURATION",
      description = "How long to measure. Default: ${DEFAULT-VALUE}.")
  private Duration duration;

  @Option(
      names = "--slo",
      paramLabel = "SLO",
      description = "An objective to judge by, such as 'p95<=100ms' or 'p99.9<2s'.")
  private @Nullable String slo;

  @Mixin private GeneratorArguments generator;

  @Mixin private MetricsArguments metrics;

  @Mixin private OutputArguments output;

  private static final class LoadChoice {
    @Option(names = "--rate", paramLabel = "R", description = "Requests a second, on a schedule.")
    private @Nullable Double rate;

    @Option(names = "--concurrency", paramLabel = "N", description = "Requests always outstanding.")
    private @Nullable Integer concurrency;
  }

  RunCommand(Session session) {
    this.session = session;
  }

  @Override
  public Integer call() {
    return session.run(spec.commandLine(), this::measure);
  }

  private int measure(StopSignal stop) throws TargetException, IOException {
    TargetOptions options = target.options();
    Load offered = offered();
    Optional<Slo> objective = Optional.ofNullable(slo).map(Slo::parse);
    MaxCommand.checkTimeout(options, objective);
    MaxCommand.requirePositive("duration", duration);
    GeneratorHealth.Limits limits = generator.limits(objective.map(Slo::limitNanos).orElse(0L));
    output.check();
    metrics.check();
    Instant startedAt = Instant.now();
    ProgressPrinter progress = new ProgressPrinter(spec.commandLine().getErr(), session.terminal());
    try (GrpcTarget grpc = GrpcTarget.connect(options);
        GpuMeter gpus = metrics.start(spec.commandLine().getErr())) {
      Bench bench = new Bench(grpc, limits, options.timeout(), gpus, stop);
      if (!output.isQuiet()) {
        progress.onRunStart(Quantities.load(offered));
      }
      ProbeResult result =
          bench.run(
              offered,
              objective,
              generator.warmup(),
              duration,
              target.seed(),
              (seconds, inFlight, notGood) -> {
                if (!output.isQuiet()) {
                  progress.onProbeProgress(seconds, inFlight, notGood);
                }
              });
      if (!output.isQuiet()) {
        progress.onNote(String.format(Locale.ROOT, "measured for %.1f s", result.windowSeconds()));
      }
      BenchReport report =
          BenchReport.ofRun(Environment.here(startedAt), grpc.description(), result);
      output.write(report, TextReport.run(grpc.description(), result), spec.commandLine().getOut());
      return ExitCode.of(result);
    }
  }

  private Load offered() {
    if (load.rate != null) {
      if (!(load.rate > 0) || load.rate.isInfinite()) {
        throw new IllegalArgumentException("rate: " + load.rate + " (expected: > 0)");
      }
      return new Load.Open(generator.arrivals(), load.rate);
    }
    return new Load.Closed(load.concurrency == null ? 0 : load.concurrency);
  }
}
