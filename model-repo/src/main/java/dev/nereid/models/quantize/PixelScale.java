package dev.nereid.models.quantize;

import java.util.Arrays;

/**
 * What becomes of a pixel of 0 to 255 before a network reads it: {@code (pixel - mean) / std}.
 *
 * @param mean one a channel, or one for all
 * @param std likewise; not 0
 */
public record PixelScale(float[] mean, float[] std) {

  /** Pixels as they are: what the bench and the tutorial's client send. */
  public static final PixelScale NONE = new PixelScale(new float[] {0}, new float[] {1});

  /**
   * @throws IllegalArgumentException if a number is missing, not finite or not to be divided by
   */
  public PixelScale {
    mean = mean.clone();
    std = std.clone();
    check("mean", mean);
    check("std", std);
    for (float value : std) {
      if (value == 0) {
        throw new IllegalArgumentException("std: 0 (expected: a number to divide by)");
      }
    }
  }

  private static void check(String name, float[] values) {
    if (values.length != 1 && values.length != 3) {
      throw new IllegalArgumentException(
          name + ": " + Arrays.toString(values) + " (expected: one number, or one a channel)");
    }
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException(name + ": " + value + " (expected: a number)");
      }
    }
  }

  public float mean(int channel) {
    return mean[mean.length == 1 ? 0 : channel];
  }

  public float std(int channel) {
    return std[std.length == 1 ? 0 : channel];
  }

  @Override
  public float[] mean() {
    return mean.clone();
  }

  @Override
  public float[] std() {
    return std.clone();
  }

  /** Whether it leaves pixels as they are. */
  public boolean isIdentity() {
    for (int channel = 0; channel < 3; channel++) {
      if (mean(channel) != 0 || std(channel) != 1) {
        return false;
      }
    }
    return true;
  }
}
