package dev.nereid.backend.contract;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this process holds of the machine's memory, native allocations included. */
final class ResidentMemory {

  private ResidentMemory() {}

  /** {@code VmRSS} of the kernel, in bytes. */
  static long bytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    throw new IOException("/proc/self/status: no VmRSS");
  }
}
