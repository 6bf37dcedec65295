package dev.nereid.server.gpu;

import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The generation of a GPU, and so what code it runs: 7.5 for a T4, 9.0 for an H100. */
public record ComputeCapability(int major, int minor) implements Comparable<ComputeCapability> {

  private static final Pattern TEXT = Pattern.compile("(\\d{1,3})(?:\\.(\\d{1,3}))?");

  private static final Comparator<ComputeCapability> ORDER =
      Comparator.comparingInt(ComputeCapability::major).thenComparingInt(ComputeCapability::minor);

  /**
   * Of {@code 7.5} or {@code 7}.
   *
   * @throws IllegalArgumentException if it is neither
   */
  public static ComputeCapability parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(text + " (expected: <major>.<minor>, as 7.5)");
    }
    String minor = matcher.group(2);
    return new ComputeCapability(
        Integer.parseInt(matcher.group(1)), minor == null ? 0 : Integer.parseInt(minor));
  }

  @Override
  public int compareTo(ComputeCapability other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return major + "." + minor;
  }
}
