package dev.nereid.bench.command;

import dev.nereid.bench.arrivals.ArrivalProcess;
import dev.nereid.bench.measure.GeneratorHealth;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How the generator offers requests and what it tolerates of itself. Filled by picocli. */
@SuppressWarnings("NullAway.Init") // picocli sets what has a default
final class GeneratorArguments {
  @Option(
      names = "--arrivals",
      defaultValue = "poisson",
      paramLabel = "PROCESS",
      description = "poisson or constant gaps. Default: ${DEFAULT-VALUE}.")
  private String arrivals;

  @Option(
      names = "--warmup",
      defaultValue = "2s",
      converter = Durations.class,
      paramLabel = "DURATION",
      description =
          "One request after another before anything is measured. Default: ${DEFAULT-VALUE}.")
  private Duration warmup;

  @Option(
      names = "--max-lag",
      converter = Durations.class,
      paramLabel = "DURATION",
      description =
          "How late one request in a hundred may leave before the result is INVALID. Default: 1ms or 5%% of"
              + " the objective's bound, whichever is larger.")
  private @Nullable Duration maxLag;

  @Option(
      names = "--max-cpu",
      defaultValue = "0.8",
      paramLabel = "SHARE",
      description =
          "Share of this machine's processors that the bench may use before the result is INVALID. Default:"
              + " ${DEFAULT-VALUE}.")
  private double maxCpu;

  ArrivalProcess arrivals() {
    for (ArrivalProcess process : ArrivalProcess.values()) {
      if (process.text().equals(arrivals.toLowerCase(Locale.ROOT))) {
        return process;
      }
    }
    throw new IllegalArgumentException(
        "arrivals: " + arrivals + " (expected: poisson or constant)");
  }

  Duration warmup() {
    return warmup;
  }

  GeneratorHealth.Limits limits(long sloLimitNanos) {
    if (!(maxCpu >= 0)) {
      throw new IllegalArgumentException("max cpu: " + maxCpu + " (expected: >= 0)");
    }
    long usual = GeneratorHealth.Limits.forLimit(sloLimitNanos).maxLagNanos();
    return new GeneratorHealth.Limits(maxLag == null ? usual : maxLag.toNanos(), maxCpu);
  }
}
