package dev.nereid.server.gpu;

import java.util.Locale;

/**
 * What is read of each GPU: the name of its metric, which for those of Triton's is Triton's, and
 * its unit.
 */
public enum GpuField {
  /** Share of the time in which a kernel ran, 0 to 1. */
  UTILIZATION("nv_gpu_utilization", "GPU utilization rate [0.0 - 1.0)"),
  MEMORY_TOTAL("nv_gpu_memory_total_bytes", "GPU total memory, in bytes"),
  MEMORY_USED("nv_gpu_memory_used_bytes", "GPU used memory, in bytes"),
  POWER_USAGE("nv_gpu_power_usage", "GPU power usage in watts"),
  POWER_LIMIT("nv_gpu_power_limit", "GPU power management limit in watts"),
  /** Read in joules since some moment, shown since the server started: the only counter. */
  ENERGY("nv_energy_consumption", "GPU energy consumption in joules since the server started"),
  TEMPERATURE("nereid_gpu_temperature_celsius", "GPU temperature in degrees Celsius"),
  SM_ACTIVE(
      "nereid_gpu_sm_active",
      "Share of time and multiprocessors in which at least one warp was there [0.0 - 1.0]"),
  SM_OCCUPANCY("nereid_gpu_sm_occupancy", "Warps that were there, of those that fit [0.0 - 1.0]"),
  TENSOR_ACTIVE(
      "nereid_gpu_tensor_active", "Share of cycles in which tensor cores were busy [0.0 - 1.0]"),
  DRAM_ACTIVE(
      "nereid_gpu_dram_active", "Share of cycles in which the GPU's memory was busy [0.0 - 1.0]"),
  PCIE_TX(
      "nereid_gpu_pcie_tx_bytes_per_second",
      "Bytes per second that the GPU sends over PCIe, headers included"),
  PCIE_RX(
      "nereid_gpu_pcie_rx_bytes_per_second",
      "Bytes per second that the GPU receives over PCIe, headers included");

  private final String metric;
  private final String help;

  GpuField(String metric, String help) {
    this.metric = metric;
    this.help = help;
  }

  /** The metric's name, to the letter. */
  public String metric() {
    return metric;
  }

  /** The metric's HELP line. */
  public String help() {
    return help;
  }

  /** Whether it only grows; the others go up and down. */
  public boolean isCounter() {
    return this == ENERGY;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
