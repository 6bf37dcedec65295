package dev.nereid.server.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.MultiCollector;
import java.util.function.LongSupplier;

/** Every meter of the server, and the page that shows them. Thread-safe. */
public final class MetricsPage {

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  /**
   * @param models the families of models
   */
  public MetricsPage(ModelCollector models) {
    registry.getPrometheusRegistry().register(models);
  }

  /** Where meters that belong to no model are registered. */
  public MeterRegistry registry() {
    return registry;
  }

  /** Shows families that are made anew for each page; on any thread, and without blocking. */
  public void add(MultiCollector families) {
    registry.getPrometheusRegistry().register(families);
  }

  /** Shows the bytes that tensors of requests and answers take up. */
  public void tensorMemory(LongSupplier usedBytes) {
    Gauge.builder("nereid_tensor_memory_used_bytes", usedBytes, LongSupplier::getAsLong)
        .description("Memory that tensors of requests and answers take up, in bytes")
        .strongReference(true)
        .register(registry);
  }

  /** Shows Triton's gauges of page-locked memory. */
  public void pinnedMemory(LongSupplier totalBytes, LongSupplier usedBytes) {
    pinned("nv_pinned_memory_pool_total_bytes", "total", totalBytes);
    pinned("nv_pinned_memory_pool_used_bytes", "used", usedBytes);
  }

  private void pinned(String name, String which, LongSupplier bytes) {
    Gauge.builder(name, bytes, LongSupplier::getAsLong)
        .description("Pinned memory pool " + which + " memory size, in bytes")
        .strongReference(true)
        .register(registry);
  }

  /** The page as it is now. Does not block. */
  public String text() {
    return TritonTextWriter.write(registry.getPrometheusRegistry().scrape());
  }
}
