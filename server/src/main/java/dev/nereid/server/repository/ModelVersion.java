package dev.nereid.server.repository;

import dev.nereid.protocol.ModelConfig;
import dev.nereid.server.metrics.ModelStatistics;
import dev.nereid.server.scheduling.Scheduler;

/**
 * One version of a model that is READY. Thread-safe.
 *
 * @param config complete: defaults filled, auto-completed, normalised
 */
public record ModelVersion(
    String name,
    long version,
    ModelConfig config,
    Scheduler scheduler,
    ModelStatistics statistics) {}
