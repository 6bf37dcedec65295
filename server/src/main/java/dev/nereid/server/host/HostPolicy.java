package dev.nereid.server.host;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What {@code --host-policy} says of one name.
 *
 * @param numaNode whose cores threads run on, and where the kernel therefore puts their memory
 * @param cores that they run on; of the node, where both are given
 */
public record HostPolicy(OptionalInt numaNode, Optional<CoreSet> cores) {

  private static final String FLAG = "--host-policy";
  private static final HostPolicy NONE = new HostPolicy(OptionalInt.empty(), Optional.empty());

  /**
   * Policies by name; each flag adds one setting to one of them, and the last of a setting wins.
   *
   * @param flags as {@code gpu_0,numa-node=1}
   * @throws IllegalArgumentException if one is not of that form
   */
  public static Map<String, HostPolicy> parse(List<String> flags) {
    Map<String, HostPolicy> policies = new LinkedHashMap<>();
    for (String flag : flags) {
      int comma = flag.indexOf(',');
      int equals = flag.indexOf('=', comma + 1);
      if (comma < 1 || equals < 0) {
        throw refused(flag, "<name>,numa-node=<node> or <name>,cpu-cores=<first>-<last>");
      }
      String name = flag.substring(0, comma);
      HostPolicy before = policies.getOrDefault(name, NONE);
      policies.put(
          name, before.with(flag, flag.substring(comma + 1, equals), flag.substring(equals + 1)));
    }
    return policies;
  }

  private HostPolicy with(String flag, String setting, String value) {
    switch (setting) {
      case "numa-node" -> {
        if (!value.matches("\\d{1,4}")) {
          throw refused(flag, "numa-node=<node>, a number");
        }
        return new HostPolicy(OptionalInt.of(Integer.parseInt(value)), cores);
      }
      case "cpu-cores" -> {
        try {
          return new HostPolicy(numaNode, Optional.of(CoreSet.parse(value)));
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException(FLAG + ": " + flag + ": " + e.getMessage(), e);
        }
      }
      default -> throw refused(flag, "numa-node or cpu-cores");
    }
  }

  static IllegalArgumentException refused(String value, String rule) {
    return new IllegalArgumentException(FLAG + ": " + value + " (expected: " + rule + ")");
  }
}
