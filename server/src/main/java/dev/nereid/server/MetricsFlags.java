package dev.nereid.server;

import dev.nereid.server.gpu.DcgmOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The flags of {@link MetricsOptions}. */
final class MetricsFlags {

  /** A timer counts in nanoseconds. */
  private static final long LONGEST_INTERVAL_MILLIS = Duration.ofDays(365).toMillis();

  @Option(
      names = "--allow-metrics",
      arity = "1",
      paramLabel = "<true|false>",
      converter = BooleanFlag.class,
      description = "Serve the metrics page (default: ${DEFAULT-VALUE}).")
  boolean allowed = true;

  @Option(
      names = "--metrics-port",
      paramLabel = "<port>",
      description =
          "Its port; its path is /metrics. 0 for any that is free (default: ${DEFAULT-VALUE}).")
  int port = 8002;

  @Option(
      names = "--metrics-address",
      paramLabel = "<address>",
      description = "The address it listens on (default: ${DEFAULT-VALUE}).")
  String address = "0.0.0.0";

  @Option(
      names = "--allow-cpu-metrics",
      arity = "1",
      paramLabel = "<true|false>",
      converter = BooleanFlag.class,
      description = "Show nv_cpu_* (default: ${DEFAULT-VALUE}).")
  boolean cpu = true;

  @Option(
      names = "--allow-gpu-metrics",
      arity = "1",
      paramLabel = "<true|false>",
      converter = BooleanFlag.class,
      description =
          "Show nv_gpu_*, nv_energy_consumption and nereid_gpu_* of the GPUs that this process sees"
              + " (default: ${DEFAULT-VALUE}).")
  boolean gpu = true;

  @Option(
      names = "--dcgm-address",
      paramLabel = "<address>",
      description =
          "Where DCGM is: embedded, in this process, if its library is installed; <host>[:<port>] of"
              + " a host engine; or none (default: ${DEFAULT-VALUE}). Without it the driver's own"
              + " library is read.")
  String dcgm = "embedded";

  @Option(
      names = "--metrics-interval-ms",
      paramLabel = "<ms>",
      description =
          "Time between two readings of the machine's CPU, memory and GPUs (default: ${DEFAULT-VALUE}).")
  long intervalMillis = 2000;

  @Option(
      names = "--metrics-config",
      paramLabel = "<key>=<value>",
      description =
          "counter_latencies=true|false: show Triton's cumulative durations. Histograms are always"
              + " there (nereid_*_duration_seconds); summaries are not supported.")
  List<String> settings = new ArrayList<>();

  MetricsOptions options() {
    Ports.check("--metrics-port", port);
    if (intervalMillis < 1 || intervalMillis > LONGEST_INTERVAL_MILLIS) {
      throw new TypeConversionException(
          "--metrics-interval-ms: "
              + intervalMillis
              + " (expected: 1.."
              + LONGEST_INTERVAL_MILLIS
              + ")");
    }
    boolean counterLatencies = true;
    for (String setting : settings) {
      switch (setting) {
        case "counter_latencies=true" -> counterLatencies = true;
        case "counter_latencies=false" -> counterLatencies = false;
        case "histogram_latencies=false", "summary_latencies=false" -> {
          // What is not there is not shown.
        }
        default ->
            throw new TypeConversionException(
                "--metrics-config: " + setting + " (expected: counter_latencies=true|false)");
      }
    }
    return new MetricsOptions(
        allowed,
        address,
        port,
        cpu,
        gpu,
        dcgm(),
        Duration.ofMillis(intervalMillis),
        counterLatencies);
  }

  private DcgmOption dcgm() {
    try {
      return DcgmOption.parse(dcgm);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException("--dcgm-address: " + e.getMessage());
    }
  }
}
