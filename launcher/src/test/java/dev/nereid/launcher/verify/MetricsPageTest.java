package dev.nereid.launcher.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class MetricsPageTest {

  private final MetricsPage page =
      MetricsPage.parse(
          """
          # HELP nv_gpu_power_usage GPU power usage in watts
          # TYPE nv_gpu_power_usage gauge
          nv_gpu_power_usage{gpu_uuid="GPU-1"} 70.5
          nv_gpu_power_usage{gpu_uuid="GPU-2"} 20
          nv_gpu_power_limit{gpu_uuid="GPU-1"} 700.0
          nv_pinned_memory_pool_used_bytes 0
          """);

  @Test
  void aFamilyIsSummedOverItsSeries() throws CheckFailure {
    assertThat(page.require("nv_gpu_power_usage")).isEqualTo(90.5);
    assertThat(page.sum("nv_gpu_power_usage", "GPU-2")).hasValue(20);
    assertThat(page.require("nv_pinned_memory_pool_used_bytes")).isZero();
  }

  @Test
  void aFamilyThatIsNotThereIsNotZero() {
    assertThat(page.sum("nv_gpu_power", "")).isEmpty();
    assertThatThrownBy(() -> page.require("nv_gpu_utilization"))
        .isInstanceOf(CheckFailure.class)
        .hasMessage("nv_gpu_utilization: not on the metrics page");
  }
}
