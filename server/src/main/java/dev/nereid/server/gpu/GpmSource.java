package dev.nereid.server.gpu;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What NVML measures inside a GPU from compute capability 9.0 on (its GPM functions), without DCGM
 * and without special rights: how busy multiprocessors, tensor cores and memory were, and what went
 * over PCIe, between one reading and the next.
 *
 * <p>The two samples that a rate is made of are native memory, freed by {@link #close}.
 */
final class GpmSource implements TelemetrySource, AutoCloseable {

  private static final double PER_CENT = 100;
  private static final double MIB = 1 << 20;

  /** The fields in the order in which they are asked for, by {@code nvmlGpmMetricId_t}. */
  private static final List<Metric> METRICS =
      List.of(
          new Metric(GpuField.SM_ACTIVE, 2, 1 / PER_CENT),
          new Metric(GpuField.SM_OCCUPANCY, 3, 1 / PER_CENT),
          new Metric(GpuField.TENSOR_ACTIVE, 5, 1 / PER_CENT),
          new Metric(GpuField.DRAM_ACTIVE, 10, 1 / PER_CENT),
          new Metric(GpuField.PCIE_TX, 20, MIB),
          new Metric(GpuField.PCIE_RX, 21, MIB));

  // nvmlGpmMetricsGet_t: version, count, two samples, then the metrics.
  private static final int GET_VERSION = 1;
  private static final int COUNT = 4;
  private static final int EARLIER = 8;
  private static final int LATER = 16;
  private static final int FIRST_METRIC = 24;

  // nvmlGpmMetric_t: id, result, value, three pointers.
  private static final int METRIC_BYTES = 40;
  private static final int METRIC_RESULT = 4;
  private static final int METRIC_VALUE = 8;

  /** More than any driver's struct has room for; a driver looks at those that are counted alone. */
  private static final int ROOM_FOR_METRICS = 1024;

  // nvmlGpmSupport_t: version, whether it is supported.
  private static final int SUPPORT_VERSION = 1;

  private record Metric(GpuField field, int id, double unit) {}

  private final NativeCalls calls;
  private final Pointer device;
  private Pointer earlier;
  private Pointer later;
  private boolean hasEarlier;
  private @Nullable TelemetryException failure;
  private final Map<GpuField, Result> results = new EnumMap<>(GpuField.class);

  private record Result(int code, double value) {}

  private GpmSource(NativeCalls calls, Pointer device, Pointer earlier, Pointer later) {
    this.calls = calls;
    this.device = device;
    this.earlier = earlier;
    this.later = later;
  }

  /**
   * @throws TelemetryException if the driver or the GPU has no such measurements
   */
  static GpmSource open(Nvml nvml, Pointer device) throws TelemetryException {
    NativeCalls calls = nvml.calls();
    try (Memory support = new Memory(2 * Integer.BYTES)) {
      support.clear();
      support.setInt(0, SUPPORT_VERSION);
      calls.call("nvmlGpmQueryDeviceSupport", device, support);
      if (support.getInt(Integer.BYTES) == 0) {
        throw new TelemetryException(
            "nvmlGpmQueryDeviceSupport: not on this GPU (expected: compute capability 9.0)");
      }
    }
    Pointer earlier = sample(calls);
    try {
      return new GpmSource(calls, device, earlier, sample(calls));
    } catch (TelemetryException e) {
      calls.call("nvmlGpmSampleFree", earlier);
      throw e;
    }
  }

  private static Pointer sample(NativeCalls calls) throws TelemetryException {
    PointerByReference sample = new PointerByReference();
    calls.call("nvmlGpmSampleAlloc", sample);
    return sample.getValue();
  }

  @Override
  public String name() {
    return "NVML GPM";
  }

  @Override
  public Set<GpuField> fields() {
    return Set.copyOf(METRICS.stream().map(Metric::field).toList());
  }

  @Override
  public void update() {
    results.clear();
    failure = null;
    try {
      calls.call("nvmlGpmSampleGet", device, later);
      if (hasEarlier) {
        measure();
      }
      hasEarlier = true;
      Pointer freed = earlier;
      earlier = later;
      later = freed;
    } catch (TelemetryException e) {
      failure = e;
    }
  }

  private void measure() throws TelemetryException {
    try (Memory get = new Memory(FIRST_METRIC + (long) ROOM_FOR_METRICS * METRIC_BYTES)) {
      get.clear();
      get.setInt(0, GET_VERSION);
      get.setInt(COUNT, METRICS.size());
      get.setPointer(EARLIER, earlier);
      get.setPointer(LATER, later);
      for (int i = 0; i < METRICS.size(); i++) {
        get.setInt(at(i), METRICS.get(i).id);
      }
      calls.call("nvmlGpmMetricsGet", get);
      for (int i = 0; i < METRICS.size(); i++) {
        Metric metric = METRICS.get(i);
        results.put(
            metric.field,
            new Result(
                get.getInt(at(i) + METRIC_RESULT),
                get.getDouble(at(i) + METRIC_VALUE) * metric.unit));
      }
    }
  }

  private static long at(int metric) {
    return FIRST_METRIC + (long) metric * METRIC_BYTES;
  }

  @Override
  public OptionalDouble read(GpuField field) throws TelemetryException {
    if (failure != null) {
      throw failure;
    }
    @Nullable Result result = results.get(field);
    if (result == null) {
      return OptionalDouble.empty();
    }
    if (result.code != 0) {
      throw new TelemetryException("nvmlGpmMetricsGet", result.code, calls.text(result.code));
    }
    // A GPU that was asleep between two samples has measured no time, and no share of it.
    return Double.isFinite(result.value)
        ? OptionalDouble.of(Math.max(0, result.value))
        : OptionalDouble.empty();
  }

  @Override
  public void close() throws TelemetryException {
    try {
      calls.call("nvmlGpmSampleFree", earlier);
    } finally {
      calls.call("nvmlGpmSampleFree", later);
    }
  }
}
