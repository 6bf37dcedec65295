package dev.nereid.server.gpu;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import java.util.EnumSet;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * One GPU, or one slice, as NVML tells of it. Of a slice NVML knows the memory; the rest is
 * refused, and so not shown.
 */
final class NvmlSource implements TelemetrySource {

  /**
   * {@code sizeof(nvmlMemory_v2_t)}: version, total, reserved, free, used; and its version word.
   */
  private static final int MEMORY_V2_BYTES = 40;

  private static final int MEMORY_V2_VERSION = MEMORY_V2_BYTES | 2 << 24;
  private static final int MEMORY_V2_TOTAL = 8;
  private static final int MEMORY_V2_USED = 32;

  /** {@code sizeof(nvmlMemory_t)}: total, free, used, where used includes what is reserved. */
  private static final int MEMORY_BYTES = 24;

  private static final int MEMORY_TOTAL = 0;
  private static final int MEMORY_USED = 16;

  private static final int SENSOR_GPU = 0;
  private static final double PER_CENT = 100;
  private static final double MILLI = 1000;

  private final NativeCalls calls;
  private final Pointer device;
  private final boolean memoryV2;

  NvmlSource(Nvml nvml, Pointer device) {
    this.calls = nvml.calls();
    this.device = device;
    memoryV2 = calls.has("nvmlDeviceGetMemoryInfo_v2");
  }

  @Override
  public String name() {
    return "NVML";
  }

  @Override
  public Set<GpuField> fields() {
    return EnumSet.of(
        GpuField.UTILIZATION,
        GpuField.MEMORY_TOTAL,
        GpuField.MEMORY_USED,
        GpuField.POWER_USAGE,
        GpuField.POWER_LIMIT,
        GpuField.ENERGY,
        GpuField.TEMPERATURE);
  }

  @Override
  public OptionalDouble read(GpuField field) throws TelemetryException {
    return OptionalDouble.of(
        switch (field) {
          case UTILIZATION -> utilization();
          case MEMORY_TOTAL -> memoryV2 ? memoryV2(MEMORY_V2_TOTAL) : memory(MEMORY_TOTAL);
          case MEMORY_USED -> memoryV2 ? memoryV2(MEMORY_V2_USED) : memory(MEMORY_USED);
          case POWER_USAGE -> milliwatts("nvmlDeviceGetPowerUsage") / MILLI;
          case POWER_LIMIT -> milliwatts("nvmlDeviceGetEnforcedPowerLimit") / MILLI;
          case ENERGY -> millijoules() / MILLI;
          case TEMPERATURE -> celsius();
          default -> throw new TelemetryException(field + ": not in NVML");
        });
  }

  /** The first of the two numbers of {@code nvmlUtilization_t}, in percent. */
  private double utilization() throws TelemetryException {
    try (Memory rates = new Memory(2 * Integer.BYTES)) {
      calls.call("nvmlDeviceGetUtilizationRates", device, rates);
      return rates.getInt(0) / PER_CENT;
    }
  }

  private double memoryV2(int offset) throws TelemetryException {
    try (Memory memory = new Memory(MEMORY_V2_BYTES)) {
      memory.clear();
      memory.setInt(0, MEMORY_V2_VERSION);
      calls.call("nvmlDeviceGetMemoryInfo_v2", device, memory);
      return memory.getLong(offset);
    }
  }

  private double memory(int offset) throws TelemetryException {
    try (Memory memory = new Memory(MEMORY_BYTES)) {
      calls.call("nvmlDeviceGetMemoryInfo", device, memory);
      return memory.getLong(offset);
    }
  }

  private double milliwatts(String function) throws TelemetryException {
    IntByReference value = new IntByReference();
    calls.call(function, device, value);
    return Integer.toUnsignedLong(value.getValue());
  }

  private double millijoules() throws TelemetryException {
    LongByReference value = new LongByReference();
    calls.call("nvmlDeviceGetTotalEnergyConsumption", device, value);
    return value.getValue();
  }

  private double celsius() throws TelemetryException {
    IntByReference value = new IntByReference();
    calls.call("nvmlDeviceGetTemperature", device, SENSOR_GPU, value);
    return value.getValue();
  }
}
