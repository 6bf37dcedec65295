package dev.nereid.server.metrics;

import java.util.Map;

/**
 * One model version to be shown on the metrics page.
 *
 * @param tags the config's {@code metric_tags}: labels of every series of it, their names led by an
 *     underscore
 * @param loadSeconds from the start of its loading until it was ready
 */
public record ModelMeters(
    String model,
    long version,
    Map<String, String> tags,
    ModelStatistics statistics,
    double loadSeconds) {

  public ModelMeters {
    tags = Map.copyOf(tags);
  }

  /** Without tags. */
  public ModelMeters(String model, long version, ModelStatistics statistics, double loadSeconds) {
    this(model, version, Map.of(), statistics, loadSeconds);
  }
}
