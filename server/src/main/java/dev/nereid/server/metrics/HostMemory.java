package dev.nereid.server.metrics;

import java.util.List;

/** Memory of the whole machine, from {@code /proc/meminfo}. */
record HostMemory(long totalBytes, long usedBytes) {

  static final HostMemory NONE = new HostMemory(0, 0);

  /**
   * @param lines of {@code /proc/meminfo}
   * @throws IllegalArgumentException if they are not that
   */
  static HostMemory parse(List<String> lines) {
    long total = bytes(lines, "MemTotal:");
    return new HostMemory(total, total - bytes(lines, "MemAvailable:"));
  }

  private static long bytes(List<String> lines, String key) {
    for (String line : lines) {
      if (line.startsWith(key)) {
        String[] words = line.substring(key.length()).trim().split(" +");
        return Long.parseLong(words[0]) * 1024;
      }
    }
    throw new IllegalArgumentException("/proc/meminfo: no " + key + " (expected: one in kB)");
  }
}
