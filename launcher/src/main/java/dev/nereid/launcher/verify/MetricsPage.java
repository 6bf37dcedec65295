package dev.nereid.launcher.verify;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * A server's metrics at one moment.
 *
 * @param samples values by series, as the page writes it: {@code name} or {@code name{labels}}
 */
record MetricsPage(Map<String, Double> samples) {

  MetricsPage {
    samples = Map.copyOf(samples);
  }

  static MetricsPage read(URI page) throws IOException, InterruptedException {
    HttpResponse<String> response =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(page).timeout(Duration.ofSeconds(10)).build(),
                HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() != 200) {
      throw new IOException(page + ": status " + response.statusCode() + " (expected: 200)");
    }
    return parse(response.body());
  }

  static MetricsPage parse(String text) {
    Map<String, Double> samples = new HashMap<>();
    for (String line : text.split("\n")) {
      int space = line.lastIndexOf(' ');
      if (!line.startsWith("#") && space > 0) {
        samples.put(line.substring(0, space), Double.valueOf(line.substring(space + 1)));
      }
    }
    return new MetricsPage(samples);
  }

  /** The sum of a family's series whose labels hold that text; empty where there is none. */
  OptionalDouble sum(String family, String labels) {
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

  /**
   * @throws CheckFailure if there is no such family
   */
  double require(String family) throws CheckFailure {
    OptionalDouble sum = sum(family, "");
    CheckFailure.unless(sum.isPresent(), "%s: not on the metrics page", family);
    return sum.getAsDouble();
  }
}
