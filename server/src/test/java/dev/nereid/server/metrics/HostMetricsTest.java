package dev.nereid.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** nv_cpu_*, from a /proc that the test writes. */
class HostMetricsTest {

  @TempDir Path proc;

  private final MetricsPage page = new MetricsPage(new ModelCollector(true));

  private void write(String cpu, long totalKb, long availableKb) throws Exception {
    Files.writeString(proc.resolve("stat"), cpu + "\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 5\n");
    Files.writeString(
        proc.resolve("meminfo"),
        "MemTotal:       %d kB\nMemFree: 1 kB\nMemAvailable:   %d kB\n"
            .formatted(totalKb, availableKb));
  }

  private PrometheusPage shown() {
    return PrometheusPage.parse(page.text());
  }

  @Test
  void utilizationIsTheShareNotIdleSinceTheReadingBefore() throws Exception {
    write("cpu  100 0 100 700 100 0 0 0 0 0", 1000, 400);
    HostMetrics metrics = new HostMetrics(page.registry(), proc);
    assertThat(shown().value("nv_cpu_utilization", "")).isEqualTo(0.2);
    write("cpu  150 10 115 710 115 0 0 0 50 0", 1000, 300);
    assertThat(metrics.poll()).isTrue();
    assertThat(shown().value("nv_cpu_utilization", "")).isEqualTo(0.75);
  }

  @Test
  void aMachineWithoutThemIsNotPolled() throws Exception {
    assertThat(new HostMetrics(page.registry(), proc.resolve("none")).isReadable()).isFalse();
    write("cpu  1 1 1 1", 2048, 512);
    assertThat(new HostMetrics(page.registry(), proc).isReadable()).isTrue();
  }

  @Test
  void memoryIsInBytes() throws Exception {
    write("cpu  1 1 1 1", 2048, 512);
    HostMetrics metrics = new HostMetrics(page.registry(), proc);
    assertThat(metrics.poll()).isTrue();
    assertThat(shown().value("nv_cpu_memory_total_bytes", "")).isEqualTo(2048 * 1024);
    assertThat(shown().value("nv_cpu_memory_used_bytes", "")).isEqualTo(1536 * 1024);
  }

  @Test
  void familiesAreTritonsToTheLetter() throws Exception {
    write("cpu  1 1 1 1", 2048, 512);
    HostMetrics metrics = new HostMetrics(page.registry(), proc);
    assertThat(metrics.poll()).isTrue();
    assertThat(shown().help())
        .containsEntry("nv_cpu_utilization", "CPU utilization rate [0.0 - 1.0]")
        .containsEntry("nv_cpu_memory_total_bytes", "CPU total memory (RAM), in bytes")
        .containsEntry("nv_cpu_memory_used_bytes", "CPU used memory (RAM), in bytes");
    assertThat(shown().types().values()).containsOnly("gauge");
  }

  @Test
  void whereNothingCanBeReadNothingIsShown() {
    HostMetrics metrics = new HostMetrics(page.registry(), proc.resolve("missing"));
    assertThat(metrics.poll()).isFalse();
    assertThat(page.text()).isEmpty();
  }

  @Test
  void noTimeBetweenTwoReadingsIsNoUse() {
    HostCpu cpu = new HostCpu(1000, 600);
    assertThat(cpu.utilizationSince(cpu)).isZero();
    assertThat(new HostCpu(1100, 550).utilizationSince(cpu)).isEqualTo(1);
  }

  @Test
  void otherTextsAreRefused() {
    assertThatThrownBy(() -> HostCpu.parse(List.of("intr 1 2")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> HostMemory.parse(List.of("MemTotal: 5 kB")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("MemAvailable");
  }
}
