package dev.nereid.server.host;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Cores by the kernel's numbers, written as the kernel writes them: {@code 0-3,8}. Immutable. */
public final class CoreSet {

  /** More than any machine has; as many bits as {@link ThreadAffinity} has room for. */
  static final int MOST_CORES = 8192;

  private static final Pattern RANGE = Pattern.compile("(\\d{1,5})(?:-(\\d{1,5}))?");

  private final BitSet cores;

  CoreSet(BitSet cores) {
    this.cores = (BitSet) cores.clone();
  }

  /**
   * @throws IllegalArgumentException if it is no such list, or names no core
   */
  public static CoreSet parse(String text) {
    BitSet cores = new BitSet();
    for (String range : text.strip().split(",", -1)) {
      Matcher matcher = RANGE.matcher(range);
      if (!matcher.matches()) {
        throw new IllegalArgumentException(text + " (expected: <core>-<core>, as 0-3 or 0-3,8-11)");
      }
      int first = Integer.parseInt(matcher.group(1));
      int last = matcher.group(2) == null ? first : Integer.parseInt(matcher.group(2));
      if (last < first || last >= MOST_CORES) {
        throw new IllegalArgumentException(
            text + " (expected: ascending, and less than " + MOST_CORES + ")");
      }
      cores.set(first, last + 1);
    }
    return new CoreSet(cores);
  }

  BitSet bits() {
    return (BitSet) cores.clone();
  }

  /** Whether every core of the other is in this. */
  public boolean containsAll(CoreSet other) {
    BitSet missing = other.bits();
    missing.andNot(cores);
    return missing.isEmpty();
  }

  /** Those that are in both. */
  public CoreSet and(CoreSet other) {
    BitSet both = bits();
    both.and(other.cores);
    return new CoreSet(both);
  }

  public boolean isEmpty() {
    return cores.isEmpty();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CoreSet set && set.cores.equals(cores);
  }

  @Override
  public int hashCode() {
    return cores.hashCode();
  }

  @Override
  public String toString() {
    List<String> ranges = new ArrayList<>();
    for (int first = cores.nextSetBit(0); first >= 0; ) {
      int end = cores.nextClearBit(first);
      ranges.add(end - first == 1 ? Integer.toString(first) : first + "-" + (end - 1));
      first = cores.nextSetBit(end);
    }
    return String.join(",", ranges);
  }
}
