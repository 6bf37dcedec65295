package dev.nereid.server.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.ToDoubleFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code nv_cpu_*}: the machine's CPU and memory, as Triton reads them from {@code /proc}. Like
 * Triton's they are the host's, not the container's.
 *
 * <p>{@link #poll} by one thread, read by any.
 */
public final class HostMetrics {

  private static final Logger log = LoggerFactory.getLogger(HostMetrics.class);

  private record Sample(HostCpu cpu, double utilization, HostMemory memory) {}

  private final Path proc;
  private final boolean readable;
  private volatile Sample sample = new Sample(HostCpu.NONE, 0, HostMemory.NONE);

  /**
   * Registers the gauges and reads them once.
   *
   * @param proc {@code /proc}
   */
  public HostMetrics(MeterRegistry registry, Path proc) {
    this.proc = proc;
    readable = poll();
    if (readable) {
      gauge(registry, "nv_cpu_utilization", "CPU utilization rate [0.0 - 1.0]", s -> s.utilization);
      gauge(
          registry,
          "nv_cpu_memory_total_bytes",
          "CPU total memory (RAM), in bytes",
          s -> s.memory.totalBytes());
      gauge(
          registry,
          "nv_cpu_memory_used_bytes",
          "CPU used memory (RAM), in bytes",
          s -> s.memory.usedBytes());
    }
  }

  private void gauge(
      MeterRegistry registry, String name, String help, ToDoubleFunction<Sample> value) {
    Gauge.builder(name, this, self -> value.applyAsDouble(self.sample))
        .description(help)
        .strongReference(true)
        .register(registry);
  }

  /** Whether this machine has them; otherwise there is nothing to show, and nothing to poll. */
  public boolean isReadable() {
    return readable;
  }

  /** Reads anew; utilization is that since the reading before. Says so where it cannot be read. */
  public boolean poll() {
    try {
      HostCpu cpu = HostCpu.parse(Files.readAllLines(proc.resolve("stat")));
      HostMemory memory = HostMemory.parse(Files.readAllLines(proc.resolve("meminfo")));
      sample = new Sample(cpu, cpu.utilizationSince(sample.cpu), memory);
      return true;
    } catch (IOException | IllegalArgumentException e) {
      log.warn("CPU metrics cannot be read: {}", e.toString());
      return false;
    }
  }
}
