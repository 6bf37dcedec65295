package dev.nereid.server.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Threads on this machine's own cores, as its kernel says. */
class HostPoliciesTest {

  @TempDir Path sys;

  private final CoreSet allowed = ThreadAffinity.get();
  private final int last = allowed.bits().length() - 1;

  /** Node 0 has the last core alone, node 1 one that this process may not use, node 2 none. */
  @BeforeEach
  void nodes() throws Exception {
    node(0, last + "\n");
    node(1, (last + 1) + "\n");
    node(2, "\n");
  }

  private void node(int number, String cores) throws Exception {
    Path node = Files.createDirectories(sys.resolve("devices/system/node/node" + number));
    Files.writeString(node.resolve("cpulist"), cores);
  }

  private HostPolicies policies(String... flags) {
    return new HostPolicies(HostPolicy.parse(List.of(flags)), sys);
  }

  /** What the kernel says of the thread that asks. */
  private static String where() throws Exception {
    return Files.readAllLines(Path.of("/proc/thread-self/status")).stream()
        .filter(line -> line.startsWith("Cpus_allowed_list:"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aThreadRunsOnTheCoresThatItsPolicySays() throws Exception {
    HostPolicies policies = policies("gpu_0,cpu-cores=" + last);
    String before = where();

    Runnable putBack = policies.place("gpu_0");
    assertThat(where()).isEqualTo(Integer.toString(last));
    assertThat(ThreadAffinity.get()).isEqualTo(CoreSet.parse(Integer.toString(last)));
    putBack.run();

    assertThat(where()).isEqualTo(before);
  }

  @Test
  void aThreadRunsOnTheCoresOfItsNode() throws Exception {
    Runnable putBack = policies("cpu,numa-node=0").place("cpu");
    try {
      assertThat(where()).isEqualTo(Integer.toString(last));
    } finally {
      putBack.run();
    }
  }

  @Test
  void withBothTheCoresAreOfTheNode() throws Exception {
    Runnable putBack = policies("cpu,numa-node=0", "cpu,cpu-cores=" + last).place("cpu");
    putBack.run();

    assertThatThrownBy(() -> policies("cpu,numa-node=0", "cpu,cpu-cores=" + (last + 1)))
        .hasMessage(
            "--host-policy: cpu,cpu-cores=%d (expected: cores of NUMA node 0 that this process may"
                    .formatted(last + 1)
                + " use, which are %d)".formatted(last));
  }

  @Test
  void whatThisProcessMayNotUseIsRefused() {
    assertThatThrownBy(() -> policies("cpu,cpu-cores=0-8191"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "--host-policy: cpu,cpu-cores=0-8191 (expected: cores of this process, which are "
                + allowed
                + ")");
    for (int node = 1; node <= 2; node++) {
      String flag = "gpu_0,numa-node=" + node;
      assertThatThrownBy(() -> policies(flag))
          .hasMessage(
              "--host-policy: "
                  + flag
                  + " (expected: a node with cores that this process may use, which are "
                  + allowed
                  + ")");
    }
    assertThatThrownBy(() -> policies("gpu_0,numa-node=7"))
        .hasMessageStartingWith(
            "--host-policy: gpu_0,numa-node=7 (expected: a node of this machine; there is no ");
  }

  @Test
  void aPolicyThatNoFlagNamesLeavesThreadsWhereTheyAre() throws Exception {
    String before = where();
    policies("gpu_0,cpu-cores=" + last).place("gpu_1").run();
    policies().place("unheard-of").run();
    policies("gpu_0,cpu-cores=" + last).place("unheard-of");
    assertThat(where()).isEqualTo(before);
  }

  @Test
  void threadsThatItStartsRunThereToo() throws Exception {
    Runnable putBack = policies("cpu,cpu-cores=" + last).place("cpu");
    String[] seen = new String[1];
    try {
      Thread child =
          new Thread(
              () -> {
                try {
                  seen[0] = where();
                } catch (Exception e) {
                  seen[0] = e.toString();
                }
              });
      child.start();
      child.join();
    } finally {
      putBack.run();
    }
    assertThat(seen[0]).isEqualTo(Integer.toString(last));
  }
}
