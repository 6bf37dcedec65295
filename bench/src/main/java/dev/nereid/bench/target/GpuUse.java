package dev.nereid.bench.target;

/**
 * One of the server's GPUs over a span of time, by readings of {@code nv_gpu_*}. A value that the
 * page does not have is NaN, or -1 where it is of bytes.
 *
 * @param uuid the GPU's, as the server names it
 * @param utilization mean share of time in which a kernel ran, 0 to 1
 * @param powerWatts mean
 * @param memoryUsedBytes the most that was used
 * @param memoryTotalBytes what there is
 * @param readings how many there were
 */
public record GpuUse(
    String uuid,
    double utilization,
    double powerWatts,
    long memoryUsedBytes,
    long memoryTotalBytes,
    int readings) {}
