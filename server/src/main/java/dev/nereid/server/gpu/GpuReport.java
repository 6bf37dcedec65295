package dev.nereid.server.gpu;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Everything that can be read of this machine's GPUs, for people. */
public final class GpuReport {

  private GpuReport() {}

  /**
   * The devices, and one reading of every field of each with its source. Blocks for the pause.
   *
   * @param pause between two readings: rates are measured over it
   */
  public static String take(DcgmOption dcgm, Duration pause) throws InterruptedException {
    return take(GpuTelemetry.Sources.ofThisMachine(), GpuDevices.find(), dcgm, pause);
  }

  static String take(
      GpuTelemetry.Sources sources, GpuDevices devices, DcgmOption dcgm, Duration pause)
      throws InterruptedException {
    StringBuilder text = new StringBuilder();
    devices.devices().forEach(device -> text.append(device).append('\n'));
    if (devices.devices().isEmpty()) {
      text.append("CUDA has no GPU: ").append(devices.absence()).append('\n');
    }
    Optional<GpuTelemetry> opened = GpuTelemetry.open(sources, devices, dcgm, pause);
    if (opened.isEmpty()) {
      return text.append("No GPU metrics: neither NVML nor DCGM has any\n").toString();
    }
    try (GpuTelemetry telemetry = opened.get()) {
      TimeUnit.NANOSECONDS.sleep(pause.toNanos());
      telemetry.poll();
      return text.append(telemetry.report()).toString();
    }
  }
}
