package dev.nereid.server.metrics;

/**
 * One model version to be shown on the metrics page.
 *
 * @param loadSeconds from the start of its loading until it was ready
 */
public record ModelMeters(
    String model, long version, ModelStatistics statistics, double loadSeconds) {}
