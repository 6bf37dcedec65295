package dev.nereid.server;

import java.time.Duration;

/**
 * The metrics page.
 *
 * @param port 0 for any that is free
 * @param cpu whether {@code nv_cpu_*} are shown
 * @param interval between two readings of the machine's own gauges
 * @param counterLatencies whether Triton's cumulative durations are shown
 */
public record MetricsOptions(
    boolean allowed,
    String address,
    int port,
    boolean cpu,
    Duration interval,
    boolean counterLatencies) {}
