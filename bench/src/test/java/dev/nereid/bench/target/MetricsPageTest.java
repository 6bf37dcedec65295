package dev.nereid.bench.target;

import static org.assertj.core.api.Assertions.assertThat;

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
  void aFamilyIsSummedOverItsSeries() {
    assertThat(page.sum("nv_gpu_power_usage", "")).hasValue(90.5);
    assertThat(page.sum("nv_gpu_power_usage", "GPU-2")).hasValue(20);
    assertThat(page.sum("nv_pinned_memory_pool_used_bytes", "")).hasValue(0);
  }

  @Test
  void aFamilyThatIsNotThereIsNotZero() {
    assertThat(page.sum("nv_gpu_power", "")).isEmpty();
  }

  @Test
  void aTimeAfterTheValueIsNoneAndWhatIsNoSampleIsPassedOver() {
    MetricsPage odd =
        MetricsPage.parse(
            """
            a{b="c d}"} 12.5 1700000000000
            e many

            f{
            """);
    assertThat(odd.samples()).containsOnlyKeys("a{b=\"c d}\"}").containsValue(12.5);
  }
}
