package dev.nereid.bench.command;

import dev.nereid.bench.target.GpuMeter;
import dev.nereid.bench.target.MetricsScraper;
import dev.nereid.bench.target.TargetException;
import java.io.PrintWriter;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Whether the server's GPUs are watched, by perf_analyzer's names. Filled by picocli. */
final class MetricsArguments {
  private static final int LEAST_MILLIS = 10;

  @Option(
      names = "--collect-metrics",
      description =
          "Read the use, power and memory of the server's GPUs from its metrics page meanwhile.")
  private boolean collect;

  @Option(
      names = "--metrics-url",
      paramLabel = "URL",
      description = "With it, the page. Default: localhost:8002/metrics.")
  private @Nullable String url;

  @Option(
      names = "--metrics-interval",
      paramLabel = "MILLIS",
      description = "With it, the time between readings. Default: 1000.")
  private @Nullable Integer intervalMillis;

  /**
   * To be called before anything is sent.
   *
   * @throws IllegalArgumentException if a flag breaks a rule
   */
  void check() {
    if (!collect) {
      if (url != null || intervalMillis != null) {
        throw new IllegalArgumentException(
            (url != null ? "metrics-url: " + url : "metrics-interval: " + intervalMillis)
                + " (expected: with --collect-metrics)");
      }
      return;
    }
    if (intervalMillis() < LEAST_MILLIS) {
      throw new IllegalArgumentException(
          "metrics-interval: " + intervalMillis() + " (expected: >= " + LEAST_MILLIS + ")");
    }
    MetricsScraper.check(url());
  }

  private String url() {
    return url == null ? "localhost:8002/metrics" : url;
  }

  private int intervalMillis() {
    return intervalMillis == null ? 1000 : intervalMillis;
  }

  /**
   * Starts to read, where that was asked for, and warns of what is not there.
   *
   * @return to be closed by the caller
   * @throws TargetException if the page cannot be had
   */
  GpuMeter start(PrintWriter err) throws TargetException {
    if (!collect) {
      return GpuMeter.NONE;
    }
    MetricsScraper scraper = MetricsScraper.start(url(), Duration.ofMillis(intervalMillis()));
    scraper.warning().ifPresent(text -> err.println("bench: warning: " + text));
    return scraper;
  }
}
