package dev.nereid.bench.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class MetricsScraperTest {
  private static final Duration OFTEN = Duration.ofMillis(5);
  private static final long MIB = 1 << 20;

  private static GpuReading reading(long atNanos, String page) {
    return GpuReading.of(atNanos, MetricsPage.parse(page));
  }

  @Test
  void useAndPowerAreMeansAndMemoryTheMostOfWhatWasRead() {
    List<GpuReading> readings =
        List.of(
            reading(1, FakeMetricsPage.gpu("GPU-b", 0.25, 100, 10 * MIB, 80 * MIB)),
            reading(2, FakeMetricsPage.gpu("GPU-b", 0.75, 300, 30 * MIB, 80 * MIB)),
            reading(
                3,
                FakeMetricsPage.gpu("GPU-b", 0.5, 200, 20 * MIB, 80 * MIB)
                    + FakeMetricsPage.gpu("GPU-a", 0, 70, MIB, 40 * MIB)));

    List<GpuUse> uses = GpuReading.summary(readings);

    assertThat(uses)
        .containsExactly(
            new GpuUse("GPU-a", 0, 70, MIB, 40 * MIB, 1),
            new GpuUse("GPU-b", 0.5, 200, 30 * MIB, 80 * MIB, 3));
  }

  @Test
  void whatThePageDoesNotHaveIsNoNumber() {
    GpuReading reading =
        reading(
            1,
            """
            nv_gpu_utilization{gpu_uuid="MIG-1",other="x"} NaN
            nv_gpu_power_usage{other="x",gpu_uuid="MIG-1"} 12.5 1700000000000
            nv_gpu_memory_used_bytes 7
            nv_gpu_memory_total_bytes{gpu_uuid="MIG-1"} many
            """);

    List<GpuUse> uses = GpuReading.summary(List.of(reading));

    assertThat(uses).hasSize(1);
    assertThat(uses.get(0).utilization()).isNaN();
    assertThat(uses.get(0).powerWatts()).isEqualTo(12.5);
    assertThat(uses.get(0).memoryUsedBytes()).isEqualTo(-1);
    assertThat(uses.get(0).memoryTotalBytes()).isEqualTo(-1);
  }

  @Test
  void onlyReadingsWithinTheSpanCount() throws Exception {
    try (FakeMetricsPage page =
            new FakeMetricsPage(FakeMetricsPage.gpu("GPU-a", 1, 500, MIB, MIB));
        MetricsScraper scraper = MetricsScraper.start(page.url(), OFTEN)) {
      page.say(FakeMetricsPage.gpu("GPU-a", 0.5, 300, MIB, MIB));
      page.awaitReads(2);
      long from = System.nanoTime();
      page.awaitReads(3);
      long to = System.nanoTime();

      List<GpuUse> uses = scraper.between(from, to);

      assertThat(scraper.warning()).isEmpty();
      assertThat(uses).hasSize(1);
      assertThat(uses.get(0).utilization()).isCloseTo(0.5, within(1e-9));
      assertThat(uses.get(0).readings()).isPositive();
      assertThat(scraper.between(to + 1_000_000_000_000L, to + 2_000_000_000_000L)).isEmpty();
    }
  }

  @Test
  void aPageThatFailsLaterIsReadAgainOnceItIsBack() throws Exception {
    try (FakeMetricsPage page =
            new FakeMetricsPage(FakeMetricsPage.gpu("GPU-a", 1, 500, MIB, MIB));
        MetricsScraper scraper = MetricsScraper.start(page.url(), OFTEN)) {
      page.answer(500);
      page.awaitReads(2);
      page.answer(200);
      page.awaitReads(2);
      long from = System.nanoTime();
      page.awaitReads(3);

      assertThat(scraper.between(from, System.nanoTime())).hasSize(1);
    }
  }

  @Test
  void aPageWithoutGpusOrWithoutSomeOfTheirMetricsIsWarnedOf() throws Exception {
    try (FakeMetricsPage page = new FakeMetricsPage("nv_inference_count{model=\"m\"} 1\n")) {
      try (MetricsScraper scraper = MetricsScraper.start(page.url(), OFTEN)) {
        assertThat(scraper.warning()).contains("there are no nv_gpu_* at http://" + page.url());
      }
      page.say("nv_gpu_utilization{gpu_uuid=\"GPU-a\"} 0.5\n");
      try (MetricsScraper scraper = MetricsScraper.start(page.url(), OFTEN)) {
        assertThat(scraper.warning())
            .contains(
                "not at http://"
                    + page.url()
                    + ": nv_gpu_power_usage, nv_gpu_memory_used_bytes, nv_gpu_memory_total_bytes");
      }
    }
  }

  @Test
  void aPageThatCannotBeHadAtTheStartEndsIt() throws IOException {
    int nobody;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      nobody = socket.getLocalPort();
    }
    assertThatThrownBy(() -> MetricsScraper.start("127.0.0.1:" + nobody + "/metrics", OFTEN))
        .isInstanceOf(TargetException.class)
        .hasMessageStartingWith("metrics-url: http://127.0.0.1:" + nobody + "/metrics: ");
    try (FakeMetricsPage page = new FakeMetricsPage("")) {
      page.answer(404);
      assertThatThrownBy(() -> MetricsScraper.start(page.url(), OFTEN))
          .isInstanceOf(TargetException.class)
          .hasMessage(
              "metrics-url: http://"
                  + page.url()
                  + ": java.io.IOException: HTTP status 404 (expected: 200)");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://a:1/metrics",
        "http:///metrics",
        "a b",
        "ftp://a/m",
        "http://a:99999/m",
        ""
      })
  void whatIsNoAddressOfAPageIsRefused(String url) {
    assertThatThrownBy(() -> MetricsScraper.start(url, OFTEN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("metrics-url: " + url + " (expected: http://HOST:PORT/metrics)");
  }
}
