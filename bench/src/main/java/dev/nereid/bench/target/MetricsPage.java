package dev.nereid.bench.target;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * A server's metrics at one moment.
 *
 * @param samples values by series, as the page writes it: {@code name} or {@code name{labels}}
 */
public record MetricsPage(Map<String, Double> samples) {

  /** A page of a server with many models and GPUs is a tenth of it. */
  private static final int MOST_BYTES = 16 << 20;

  public MetricsPage {
    samples = Map.copyOf(samples);
  }

  /**
   * Reads a page, on the calling thread.
   *
   * @param timeout of the connection, and of each wait for bytes
   * @throws IOException if it cannot be had, or is none
   */
  public static MetricsPage read(URI page, Duration timeout) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) page.toURL().openConnection();
    connection.setConnectTimeout((int) timeout.toMillis());
    connection.setReadTimeout((int) timeout.toMillis());
    connection.setInstanceFollowRedirects(false);
    int status = connection.getResponseCode();
    if (status != HttpURLConnection.HTTP_OK) {
      connection.disconnect();
      throw new IOException("HTTP status " + status + " (expected: 200)");
    }
    try (InputStream body = connection.getInputStream()) {
      return parse(new String(body.readNBytes(MOST_BYTES), StandardCharsets.UTF_8));
    }
  }

  /** Reads Prometheus' text format; a line that is no sample is passed over. */
  public static MetricsPage parse(String text) {
    Map<String, Double> samples = new HashMap<>();
    for (String line : text.split("\n")) {
      int end = line.indexOf('{') >= 0 ? line.lastIndexOf('}') + 1 : line.indexOf(' ');
      if (line.startsWith("#") || end <= 0) {
        continue;
      }
      // A time may come after the value.
      String value = line.substring(end).strip().split("\\s", 2)[0];
      try {
        samples.put(line.substring(0, end), Double.valueOf(value));
      } catch (NumberFormatException e) {
        // No sample.
      }
    }
    return new MetricsPage(samples);
  }

  /** The sum of a family's series whose labels hold that text; empty where there is none. */
  public OptionalDouble sum(String family, String labels) {
    double sum = 0;
    boolean any = false;
    for (Map.Entry<String, Double> sample : samples.entrySet()) {
      String series = sample.getKey();
      boolean ofFamily = series.equals(family) || series.startsWith(family + "{");
      if (ofFamily && series.contains(labels)) {
        sum += sample.getValue();
        any = true;
      }
    }
    return any ? OptionalDouble.of(sum) : OptionalDouble.empty();
  }
}
