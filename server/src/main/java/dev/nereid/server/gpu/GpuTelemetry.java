package dev.nereid.server.gpu;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the GPUs that this process sees report of themselves: {@code nv_gpu_*}, {@code
 * nv_energy_consumption} and {@code nereid_gpu_*}, by NVML, and by DCGM where it is there.
 *
 * <p>Read now and then on a thread of its own, since a driver may take long to answer, and a page
 * is not to wait for it. {@link #collect} shows the last reading, on any thread.
 */
public final class GpuTelemetry implements MultiCollector, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(GpuTelemetry.class);

  private static final long STOP_SECONDS = 5;

  private final List<GpuReadings> gpus;
  private final @Nullable Dcgm dcgm;
  private final Deque<AutoCloseable> opened;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread started = new Thread(task, "gpu-metrics");
            started.setDaemon(true);
            return started;
          });

  private volatile Map<String, Map<GpuField, GpuReadings.Reading>> latest = Map.of();

  private GpuTelemetry(List<GpuReadings> gpus, @Nullable Dcgm dcgm, Deque<AutoCloseable> opened) {
    this.gpus = gpus;
    this.dcgm = dcgm;
    this.opened = opened;
  }

  /** Where the libraries are, and which devices are seen. */
  record Sources(String nvml, List<String> dcgm, @Nullable String visibleDevices) {
    static Sources ofThisMachine() {
      return new Sources(Nvml.LIBRARY, Dcgm.LIBRARIES, System.getenv("CUDA_VISIBLE_DEVICES"));
    }
  }

  /**
   * Opens what there is and reads it once. Says in the log what is missing.
   *
   * @param devices that CUDA sees; where it sees none, those that NVML has and {@code
   *     CUDA_VISIBLE_DEVICES} does not hide
   * @param interval between two readings
   * @return empty where there is nothing to read; otherwise to be closed
   */
  public static Optional<GpuTelemetry> open(
      GpuDevices devices, DcgmOption dcgm, Duration interval) {
    return open(Sources.ofThisMachine(), devices, dcgm, interval);
  }

  static Optional<GpuTelemetry> open(
      Sources sources, GpuDevices devices, DcgmOption option, Duration interval) {
    Deque<AutoCloseable> opened = new ArrayDeque<>();
    @Nullable Nvml nvml = null;
    List<String> uuids = devices.devices().stream().map(GpuDevice::uuid).toList();
    try {
      nvml = Nvml.open(sources.nvml);
      opened.push(nvml);
      if (uuids.isEmpty()) {
        uuids = VisibleDevices.choose(sources.visibleDevices, nvml.boards());
      }
    } catch (TelemetryException e) {
      log.info("GPU metrics will not be available from NVML: {}", e.getMessage());
    }
    if (uuids.isEmpty()) {
      close(opened);
      return Optional.empty();
    }
    @Nullable Dcgm dcgm = dcgm(sources, option, uuids, interval);
    if (dcgm != null) {
      opened.push(dcgm);
    }
    List<GpuReadings> gpus = new ArrayList<>();
    for (String uuid : uuids) {
      List<TelemetrySource> views = new ArrayList<>();
      if (dcgm != null) {
        dcgm.gpu(uuid).ifPresent(views::add);
      }
      if (nvml != null) {
        views.addAll(nvmlViews(nvml, uuid, opened));
      }
      if (views.isEmpty()) {
        log.warn("{}: neither NVML nor DCGM knows this GPU, so it has no metrics", uuid);
      } else {
        gpus.add(new GpuReadings(uuid, views));
      }
    }
    if (gpus.isEmpty()) {
      close(opened);
      return Optional.empty();
    }
    GpuTelemetry telemetry = new GpuTelemetry(gpus, dcgm, opened);
    telemetry.poll();
    return Optional.of(telemetry);
  }

  private static @Nullable Dcgm dcgm(
      Sources sources, DcgmOption option, List<String> uuids, Duration interval) {
    if (!option.wanted()) {
      return null;
    }
    try {
      Dcgm dcgm = Dcgm.open(sources.dcgm, option.address(), uuids, interval);
      log.info("GPU metrics come from DCGM ({}), where it has them", dcgm.libraryName());
      return dcgm;
    } catch (TelemetryException e) {
      if (option.address().isPresent()) {
        log.warn("No DCGM at {}: {}", option.address().get(), e.getMessage());
      } else {
        log.info("GPU metrics come from NVML alone, without DCGM: {}", e.getMessage());
      }
      return null;
    }
  }

  private static List<TelemetrySource> nvmlViews(
      Nvml nvml, String uuid, Deque<AutoCloseable> opened) {
    List<TelemetrySource> views = new ArrayList<>();
    try {
      var device = nvml.byUuid(uuid);
      views.add(new NvmlSource(nvml, device));
      GpmSource gpm = GpmSource.open(nvml, device);
      opened.push(gpm);
      views.add(gpm);
    } catch (TelemetryException e) {
      log.info("{}: {}", uuid, e.getMessage());
    }
    return views;
  }

  /** Reads again now and then from here on, until it is closed. */
  public void start(Duration interval) {
    var unused =
        thread.scheduleAtFixedRate(
            this::poll, interval.toNanos(), interval.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Reads every field of every GPU. One thread at a time. */
  void poll() {
    try {
      if (dcgm != null) {
        updateDcgm(dcgm);
      }
      Map<String, Map<GpuField, GpuReadings.Reading>> readings = new LinkedHashMap<>();
      for (GpuReadings gpu : gpus) {
        readings.put(gpu.uuid(), gpu.read());
      }
      latest = readings;
    } catch (RuntimeException e) {
      latest = Map.of(); // no stale values
      log.error("GPU metrics could not be read", e);
    }
  }

  private static void updateDcgm(Dcgm dcgm) {
    try {
      dcgm.update();
    } catch (TelemetryException e) {
      // The fields' own readings say the same, and are counted.
      log.debug("DCGM did not update", e);
    }
  }

  @Override
  public MetricSnapshots collect() {
    Map<String, Map<GpuField, GpuReadings.Reading>> shown = latest;
    MetricSnapshots.Builder families = MetricSnapshots.builder();
    for (GpuField field : GpuField.values()) {
      Map<String, Double> values = new LinkedHashMap<>();
      shown.forEach(
          (uuid, readings) -> {
            GpuReadings.@Nullable Reading reading = readings.get(field);
            if (reading != null) {
              values.put(uuid, reading.value());
            }
          });
      if (!values.isEmpty()) {
        families.metricSnapshot(family(field, values));
      }
    }
    return families.build();
  }

  private static MetricSnapshot family(GpuField field, Map<String, Double> values) {
    if (field.isCounter()) {
      CounterSnapshot.Builder family =
          CounterSnapshot.builder().name(field.metric()).help(field.help());
      values.forEach(
          (uuid, value) ->
              family.dataPoint(
                  CounterDataPointSnapshot.builder().labels(labels(uuid)).value(value).build()));
      return family.build();
    }
    GaugeSnapshot.Builder family = GaugeSnapshot.builder().name(field.metric()).help(field.help());
    values.forEach(
        (uuid, value) ->
            family.dataPoint(
                GaugeDataPointSnapshot.builder().labels(labels(uuid)).value(value).build()));
    return family.build();
  }

  private static Labels labels(String uuid) {
    return Labels.of("gpu_uuid", uuid);
  }

  /** The last reading, a line a GPU and field, each with its source; for people. */
  public String report() {
    StringBuilder text = new StringBuilder();
    latest.forEach(
        (uuid, readings) -> {
          text.append(uuid).append('\n');
          for (GpuField field : GpuField.values()) {
            GpuReadings.@Nullable Reading reading = readings.get(field);
            text.append(
                reading == null
                    ? String.format(Locale.ROOT, "  %-38s absent%n", field.metric())
                    : String.format(
                        Locale.ROOT,
                        "  %-38s %20.4f  (%s)%n",
                        field.metric(),
                        reading.value(),
                        reading.source()));
          }
        });
    return text.toString();
  }

  /** Stops reading, and closes the libraries once nothing reads. */
  @Override
  public void close() {
    thread.shutdown();
    boolean ended;
    try {
      ended = thread.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      ended = false;
    }
    latest = Map.of();
    if (ended) {
      close(opened);
    } else {
      log.warn("A GPU's driver does not answer; its metrics libraries stay open");
    }
  }

  private static void close(Deque<AutoCloseable> opened) {
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception e) {
        log.debug("A metrics library did not close cleanly", e);
      }
    }
  }
}
