package dev.nereid.bench.target;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Reads a server's metrics page at an interval, on a thread of its own, until it is closed. A page
 * that cannot be had later on is a reading that is not there. Thread-safe.
 */
public final class MetricsScraper implements GpuMeter {

  private static final Duration TIMEOUT = Duration.ofSeconds(2);
  private static final int MOST_PORT = 65_535;

  /** A day at the usual interval, a quarter of an hour at the shortest. */
  private static final int MOST_READINGS = 100_000;

  private final URI page;
  private final Optional<String> warning;
  private final ScheduledExecutorService thread;

  @GuardedBy("this")
  private final ArrayDeque<GpuReading> readings = new ArrayDeque<>();

  private MetricsScraper(URI page, GpuReading first, Duration interval) {
    this.page = page;
    this.warning = warning(page, first);
    readings.add(first);
    thread =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread scraper = new Thread(task, "bench-metrics");
              scraper.setDaemon(true);
              return scraper;
            });
    long nanos = interval.toNanos();
    var unused = thread.scheduleWithFixedDelay(this::readOnce, nanos, nanos, TimeUnit.NANOSECONDS);
  }

  /**
   * Checks an address without reading it.
   *
   * @throws IllegalArgumentException if it is none of a page
   */
  public static void check(String url) {
    URI unused = page(url);
  }

  /**
   * Reads the page once, and from then on at the interval.
   *
   * @param url host, port and path, with or without {@code http://}
   * @throws IllegalArgumentException if that is none
   * @throws TargetException if the page cannot be had
   */
  public static MetricsScraper start(String url, Duration interval) throws TargetException {
    URI page = page(url);
    try {
      return new MetricsScraper(page, read(page), interval);
    } catch (IOException e) {
      throw new TargetException("metrics-url: " + page + ": " + e, e);
    }
  }

  private static URI page(String url) {
    try {
      URI page = new URI(url.contains("://") ? url : "http://" + url);
      if (!"http".equalsIgnoreCase(page.getScheme())
          || page.getHost() == null
          || page.getPort() > MOST_PORT) {
        throw new URISyntaxException(url, "no host or no port");
      }
      return page;
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(
          "metrics-url: " + url + " (expected: http://HOST:PORT/metrics)", e);
    }
  }

  private static GpuReading read(URI page) throws IOException {
    MetricsPage read = MetricsPage.read(page, TIMEOUT);
    return GpuReading.of(System.nanoTime(), read);
  }

  private static Optional<String> warning(URI page, GpuReading first) {
    if (first.gpus().isEmpty()) {
      return Optional.of("there are no nv_gpu_* at " + page);
    }
    List<String> missing = new ArrayList<>(GpuReading.METRICS);
    missing.removeIf(
        metric -> first.gpus().values().stream().anyMatch(gpu -> gpu.containsKey(metric)));
    return missing.isEmpty()
        ? Optional.empty()
        : Optional.of("not at " + page + ": " + String.join(", ", missing));
  }

  /** What the page lacks. */
  public Optional<String> warning() {
    return warning;
  }

  private void readOnce() {
    try {
      GpuReading reading = read(page);
      synchronized (this) {
        readings.add(reading);
        if (readings.size() > MOST_READINGS) {
          readings.remove();
        }
      }
    } catch (IOException | RuntimeException e) {
      // The next one may be there again; how many there were is part of what is said.
    }
  }

  @Override
  public List<GpuUse> between(long fromNanos, long toNanos) {
    List<GpuReading> within;
    synchronized (this) {
      within =
          readings.stream()
              .filter(r -> r.atNanos() - fromNanos >= 0 && r.atNanos() - toNanos <= 0)
              .toList();
    }
    return GpuReading.summary(within);
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
