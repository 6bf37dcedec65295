package dev.nereid.server.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Host policies on this machine: which cores they come to, and threads put onto them. An instance's
 * thread and whatever its backend starts from it run there, and memory that they touch first lies
 * next to them.
 *
 * <p>Thread-safe.
 */
public final class HostPolicies {

  private static final Logger log = LoggerFactory.getLogger(HostPolicies.class);

  /** Policies that instances have where their config names none: nothing is asked for. */
  private static final Pattern DEFAULT = Pattern.compile("cpu|gpu_\\d+");

  private final Map<String, CoreSet> cores = new HashMap<>();
  private final Set<String> unknown = ConcurrentHashMap.newKeySet();

  /**
   * @param sys {@code /sys}
   * @throws IllegalArgumentException if this machine has no such node, or this process may not run
   *     on such cores
   */
  public HostPolicies(Map<String, HostPolicy> policies, Path sys) {
    if (policies.isEmpty()) {
      return;
    }
    CoreSet allowed;
    try {
      allowed = ThreadAffinity.get();
    } catch (IllegalStateException e) {
      throw new IllegalArgumentException("--host-policy: " + e.getMessage(), e);
    }
    policies.forEach((name, policy) -> cores.put(name, cores(name, policy, allowed, sys)));
  }

  private static CoreSet cores(String name, HostPolicy policy, CoreSet allowed, Path sys) {
    CoreSet within = allowed;
    String where = "of this process, which are " + allowed;
    if (policy.numaNode().isPresent()) {
      int node = policy.numaNode().getAsInt();
      within = nodeCores(name, node, sys).and(allowed);
      where = "of NUMA node " + node + " that this process may use, which are " + within;
      if (within.isEmpty()) {
        throw HostPolicy.refused(
            name + ",numa-node=" + node,
            "a node with cores that this process may use, which are " + allowed);
      }
    }
    if (policy.cores().isEmpty()) {
      return within;
    }
    CoreSet asked = policy.cores().get();
    if (!within.containsAll(asked)) {
      throw HostPolicy.refused(name + ",cpu-cores=" + asked, "cores " + where);
    }
    return asked;
  }

  private static CoreSet nodeCores(String name, int node, Path sys) {
    Path file = sys.resolve("devices/system/node").resolve("node" + node).resolve("cpulist");
    try {
      String text = Files.readString(file).strip();
      // A node of memory alone has an empty list.
      return text.isEmpty() ? new CoreSet(new BitSet()) : CoreSet.parse(text);
    } catch (IOException e) {
      throw HostPolicy.refused(
          name + ",numa-node=" + node, "a node of this machine; there is no " + file);
    }
  }

  /**
   * Puts the calling thread where a policy says; nowhere else than it is where the policy says
   * nothing.
   *
   * @return puts it back to where it was; on the same thread
   * @throws IllegalStateException if the system refuses
   */
  public Runnable place(String policy) {
    @Nullable CoreSet target = cores.get(policy);
    if (target == null) {
      if (!DEFAULT.matcher(policy).matches() && unknown.add(policy)) {
        log.warn(
            "host_policy: {} (expected: one that --host-policy names); its instances run anywhere",
            policy);
      }
      return () -> {};
    }
    CoreSet before = ThreadAffinity.get();
    ThreadAffinity.set(target);
    return () -> putBack(before);
  }

  /** What ran there is done, whether or not the thread gets back. */
  private static void putBack(CoreSet before) {
    try {
      ThreadAffinity.set(before);
    } catch (IllegalStateException e) {
      log.warn("A thread stays where it was put: {}", e.getMessage());
    }
  }
}
