package dev.nereid.server;

import dev.nereid.server.gpu.DcgmOption;
import java.time.Duration;

/**
 * The metrics page.
 *
 * @param port 0 for any that is free
 * @param cpu whether {@code nv_cpu_*} are shown
 * @param gpu whether {@code nv_gpu_*} are shown
 * @param dcgm where they come from, besides the driver
 * @param interval between two readings of the machine's own gauges
 * @param counterLatencies whether Triton's cumulative durations are shown
 */
public record MetricsOptions(
    boolean allowed,
    String address,
    int port,
    boolean cpu,
    boolean gpu,
    DcgmOption dcgm,
    Duration interval,
    boolean counterLatencies) {}
