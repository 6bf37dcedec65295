package dev.nereid.server.metrics;

import java.util.Arrays;
import java.util.List;

/**
 * CPU time of the whole machine since boot, from the first line of {@code /proc/stat}, in ticks.
 *
 * @param idleTicks idle and waiting for a disk
 */
record HostCpu(long totalTicks, long idleTicks) {

  /** Before anything was read. */
  static final HostCpu NONE = new HostCpu(0, 0);

  /**
   * @param lines of {@code /proc/stat}
   * @throws IllegalArgumentException if they are not that
   */
  static HostCpu parse(List<String> lines) {
    for (String line : lines) {
      if (line.startsWith("cpu ")) {
        // user nice system idle iowait irq softirq steal; guest time is in user already.
        long[] ticks =
            Arrays.stream(line.substring(4).trim().split(" +"))
                .limit(8)
                .mapToLong(Long::parseLong)
                .toArray();
        if (ticks.length >= 4) {
          long idle = ticks[3] + (ticks.length > 4 ? ticks[4] : 0);
          return new HostCpu(Arrays.stream(ticks).sum(), idle);
        }
      }
    }
    throw new IllegalArgumentException("/proc/stat: " + lines + " (expected: a line of cpu times)");
  }

  /** The share of time not idle since an earlier reading, 0 to 1; 0 where no time has passed. */
  double utilizationSince(HostCpu earlier) {
    long total = totalTicks - earlier.totalTicks;
    long idle = idleTicks - earlier.idleTicks;
    return total <= 0 ? 0 : Math.min(1, Math.max(0, (double) (total - idle) / total));
  }
}
