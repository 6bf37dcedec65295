package dev.nereid.bench.report;

import static dev.nereid.bench.report.Quantities.decimals;

import dev.nereid.bench.measure.ProbeResult;
import dev.nereid.bench.search.MaxResult;
import dev.nereid.bench.target.GpuUse;
import java.util.List;
import java.util.stream.Collectors;

/** The server's GPUs as people read them. */
final class GpuText {
  private static final String NOTHING = "–";
  private static final double MIB = 1 << 20;

  private GpuText() {}

  /** Whether any of these limits has a GPU beside it. */
  static boolean isWatched(List<MaxResult> results) {
    return results.stream()
        .flatMap(result -> result.atLimit().stream())
        .anyMatch(probe -> !probe.gpus().isEmpty());
  }

  /** One line: {@code GPU-1f2e busy 62 %, 380 W, 9785 of 81559 MiB, 12 readings}. */
  static String line(GpuUse gpu) {
    return "%s busy %s, %s, %s, %d %s"
        .formatted(
            gpu.uuid(),
            busy(gpu),
            power(gpu),
            memory(gpu),
            gpu.readings(),
            gpu.readings() == 1 ? "reading" : "readings");
  }

  /** Of each GPU that the probe saw. */
  static String busy(ProbeResult probe) {
    return probe.gpus().isEmpty()
        ? NOTHING
        : probe.gpus().stream().map(GpuText::busy).collect(Collectors.joining(", "));
  }

  static String busy(GpuUse gpu) {
    return Double.isNaN(gpu.utilization()) ? NOTHING : decimals(100 * gpu.utilization(), 0) + " %";
  }

  static String power(GpuUse gpu) {
    return Double.isNaN(gpu.powerWatts()) ? NOTHING : decimals(gpu.powerWatts(), 0) + " W";
  }

  static String memory(GpuUse gpu) {
    return mebibytes(gpu.memoryUsedBytes()) + " of " + mebibytes(gpu.memoryTotalBytes()) + " MiB";
  }

  private static String mebibytes(long bytes) {
    return bytes < 0 ? NOTHING : decimals(bytes / MIB, 0);
  }
}
