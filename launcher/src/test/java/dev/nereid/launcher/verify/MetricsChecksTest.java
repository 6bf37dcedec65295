package dev.nereid.launcher.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.bench.target.MetricsPage;
import org.junit.jupiter.api.Test;

class MetricsChecksTest {

  private final MetricsPage page =
      MetricsPage.parse(
          """
          nv_gpu_power_usage{gpu_uuid="GPU-1"} 70.5
          nv_gpu_power_usage{gpu_uuid="GPU-2"} 20
          nv_pinned_memory_pool_used_bytes 0
          """);

  @Test
  void eachGpuIsReadByItsOwnSeries() throws CheckFailure {
    assertThat(MetricsChecks.require(page, "nv_gpu_power_usage", "gpu_uuid=\"GPU-2\""))
        .isEqualTo(20);
    assertThat(MetricsChecks.require(page, "nv_pinned_memory_pool_used_bytes", "")).isZero();
  }

  @Test
  void aSeriesThatIsNotThereFailsTheCheck() {
    assertThatThrownBy(() -> MetricsChecks.require(page, "nv_gpu_utilization", ""))
        .isInstanceOf(CheckFailure.class)
        .hasMessage("nv_gpu_utilization{}: not on the metrics page (expected: a series)");
    assertThatThrownBy(
            () -> MetricsChecks.require(page, "nv_gpu_power_usage", "gpu_uuid=\"GPU-3\""))
        .isInstanceOf(CheckFailure.class)
        .hasMessage(
            "nv_gpu_power_usage{gpu_uuid=\"GPU-3\"}: not on the metrics page (expected: a series)");
  }
}
