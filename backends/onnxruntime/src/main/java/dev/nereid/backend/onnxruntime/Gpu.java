package dev.nereid.backend.onnxruntime;

import java.util.Locale;

/**
 * One GPU of this process.
 *
 * @param index among those that the process sees, from 0
 * @param name as the driver has it
 * @param major of its compute capability: 7 of a T4's 7.5
 * @param minor likewise: 5
 */
record Gpu(int index, String name, int major, int minor) {

  private static final int FIRST_WITH_BF16 = 8;

  /** Whether it computes in BF16 itself. */
  boolean hasBf16() {
    return major >= FIRST_WITH_BF16;
  }

  /** What two GPUs that can run the same engines share, as part of a path. */
  String kind() {
    return name.strip().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-")
        + "-sm"
        + major
        + minor;
  }

  @Override
  public String toString() {
    return "%d: %s (compute capability %d.%d)".formatted(index, name, major, minor);
  }
}
