package dev.nereid.server.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.nereid.server.metrics.MetricsPage;
import dev.nereid.server.metrics.ModelCollector;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the page shows of GPUs, read through NVML and DCGM libraries that were built here. */
class GpuTelemetryTest {

  private static final String FIRST = "GPU-11111111-2222-3333-4444-555555555555";
  private static final String SECOND = "GPU-66666666-7777-8888-9999-aaaaaaaaaaaa";
  private static final String SLICE = "MIG-bbbbbbbb-cccc-dddd-eeee-ffffffffffff";
  private static final Duration INTERVAL = Duration.ofSeconds(2);
  private static final long GIB = 1L << 30;
  private static final long BLANK = 0x7ffffffffffffff0L;
  private static final double BLANK_DOUBLE = 140737488355328.0;

  private static final int NOT_SUPPORTED = 3;
  private static final int LOST = 15;

  @TempDir Path directory;
  private @Nullable GpuTelemetry telemetry;

  @AfterEach
  void close() {
    if (telemetry != null) {
      telemetry.close();
    }
  }

  private FakeLibrary nvml(String... defines) {
    FakeLibrary nvml = FakeLibrary.of(directory, "fake_nvml", defines);
    nvml.tell("fake_add", FIRST);
    nvml.tell("fake_memory", 0, 80 * GIB, GIB, 5 * GIB);
    nvml.tell("fake_load", 0, 37, 345_600, 700_000, 51, 1_000_000L);
    return nvml;
  }

  /** DCGM's number of the first GPU is 3: it orders GPUs as it likes. */
  private FakeLibrary dcgm(String... defines) {
    FakeLibrary dcgm = FakeLibrary.of(directory, "fake_dcgm", defines);
    dcgm.tell("fake_gpu", 0, SECOND);
    dcgm.tell("fake_gpu", 3, FIRST);
    dcgm.tell("fake_integer", 3, 203, 38L);
    dcgm.tell("fake_integer", 3, 250, 81_559L);
    dcgm.tell("fake_integer", 3, 252, 4_096L);
    dcgm.tell("fake_double", 3, 155, 346.25);
    dcgm.tell("fake_double", 3, 160, 650.0);
    dcgm.tell("fake_integer", 3, 156, 2_000_000L);
    dcgm.tell("fake_integer", 3, 150, 52L);
    dcgm.tell("fake_double", 3, 1002, 0.75);
    dcgm.tell("fake_double", 3, 1003, 0.25);
    dcgm.tell("fake_double", 3, 1004, 0.5);
    dcgm.tell("fake_double", 3, 1005, 0.125);
    dcgm.tell("fake_integer", 3, 1009, 1_000_000_000L);
    dcgm.tell("fake_integer", 3, 1010, 2_000_000_000L);
    return dcgm;
  }

  private static GpuDevices seeing(String... uuids) {
    List<GpuDevice> devices =
        IntStream.range(0, uuids.length)
            .mapToObj(
                i ->
                    new GpuDevice(
                        i,
                        uuids[i],
                        "GPU",
                        new ComputeCapability(9, 0),
                        80 * GIB,
                        "0000:01:00.0",
                        OptionalInt.empty()))
            .toList();
    return new GpuDevices(Optional.empty(), devices, devices.isEmpty() ? "none" : "");
  }

  private GpuTelemetry open(FakeLibrary nvml, @Nullable FakeLibrary dcgm, String... uuids) {
    return open(nvml, dcgm, DcgmOption.EMBEDDED, seeing(uuids), null).orElseThrow();
  }

  private Optional<GpuTelemetry> open(
      @Nullable FakeLibrary nvml,
      @Nullable FakeLibrary dcgm,
      DcgmOption option,
      GpuDevices devices,
      @Nullable String visibleDevices) {
    String missing = directory.resolve("missing.so").toString();
    Optional<GpuTelemetry> opened =
        GpuTelemetry.open(
            new GpuTelemetry.Sources(
                nvml == null ? missing : nvml.path(),
                // DCGM 4 is not there; its older one may be.
                List.of(missing, dcgm == null ? missing : dcgm.path()),
                visibleDevices),
            devices,
            option,
            INTERVAL);
    telemetry = opened.orElse(null);
    return opened;
  }

  private static String page(GpuTelemetry telemetry) {
    MetricsPage page = new MetricsPage(new ModelCollector(true));
    page.add(telemetry);
    return page.text();
  }

  /** The samples of a page, by metric; of the one GPU that is asked for. */
  private static Map<String, Double> samples(GpuTelemetry telemetry, String uuid) {
    return page(telemetry)
        .lines()
        .filter(line -> line.contains("{gpu_uuid=\"" + uuid + "\"}"))
        .collect(
            Collectors.toMap(
                line -> line.substring(0, line.indexOf('{')),
                line -> Double.valueOf(line.substring(line.lastIndexOf(' ') + 1)),
                (a, b) -> {
                  throw new AssertionError("twice");
                },
                TreeMap::new));
  }

  @Test
  void familiesAreTritonsToTheLetterInItsUnits() {
    GpuTelemetry opened = open(nvml(), null, FIRST);

    assertThat(page(opened))
        .isEqualTo(
            """
            # HELP nereid_gpu_temperature_celsius GPU temperature in degrees Celsius
            # TYPE nereid_gpu_temperature_celsius gauge
            nereid_gpu_temperature_celsius{gpu_uuid="UUID"} 51
            # HELP nv_energy_consumption GPU energy consumption in joules since the server started
            # TYPE nv_energy_consumption counter
            nv_energy_consumption{gpu_uuid="UUID"} 0
            # HELP nv_gpu_memory_total_bytes GPU total memory, in bytes
            # TYPE nv_gpu_memory_total_bytes gauge
            nv_gpu_memory_total_bytes{gpu_uuid="UUID"} 85899345920
            # HELP nv_gpu_memory_used_bytes GPU used memory, in bytes
            # TYPE nv_gpu_memory_used_bytes gauge
            nv_gpu_memory_used_bytes{gpu_uuid="UUID"} 5368709120
            # HELP nv_gpu_power_limit GPU power management limit in watts
            # TYPE nv_gpu_power_limit gauge
            nv_gpu_power_limit{gpu_uuid="UUID"} 700
            # HELP nv_gpu_power_usage GPU power usage in watts
            # TYPE nv_gpu_power_usage gauge
            nv_gpu_power_usage{gpu_uuid="UUID"} 345.6
            # HELP nv_gpu_utilization GPU utilization rate [0.0 - 1.0)
            # TYPE nv_gpu_utilization gauge
            nv_gpu_utilization{gpu_uuid="UUID"} 0.37
            """
                .replace("UUID", FIRST));
  }

  @Test
  void energyCountsJoulesSinceTheServerStarted() {
    FakeLibrary nvml = nvml();
    GpuTelemetry opened = open(nvml, null, FIRST);

    nvml.tell("fake_load", 0, 37, 345_600, 700_000, 51, 1_691_250L);
    opened.poll();
    assertThat(samples(opened, FIRST)).containsEntry("nv_energy_consumption", 691.25);
    // The driver was reloaded: its counter starts anew, ours goes on.
    nvml.tell("fake_load", 0, 37, 345_600, 700_000, 51, 500L);
    opened.poll();
    assertThat(samples(opened, FIRST)).containsEntry("nv_energy_consumption", 691.25);
    nvml.tell("fake_load", 0, 37, 345_600, 700_000, 51, 2_500L);
    opened.poll();
    assertThat(samples(opened, FIRST)).containsEntry("nv_energy_consumption", 693.25);
  }

  @Test
  void aFieldThatFailsThreeTimesInARowIsNotReadAgainAndNoOtherIsTouched() {
    FakeLibrary nvml = nvml();
    nvml.tell("fake_add", SECOND);
    GpuTelemetry opened = open(nvml, null, FIRST, SECOND);

    nvml.tell("fake_fail", FIRST, "nvmlDeviceGetPowerUsage", LOST);
    opened.poll();
    assertThat(samples(opened, FIRST)).as("no stale value").doesNotContainKey("nv_gpu_power_usage");
    opened.poll();
    // Twice is not three times.
    nvml.tell("fake_fail", FIRST, "nvmlDeviceGetPowerUsage", 0);
    opened.poll();
    assertThat(samples(opened, FIRST)).containsEntry("nv_gpu_power_usage", 345.6);

    nvml.tell("fake_fail", FIRST, "nvmlDeviceGetPowerUsage", LOST);
    opened.poll();
    opened.poll();
    opened.poll();
    nvml.tell("fake_fail", FIRST, "nvmlDeviceGetPowerUsage", 0);
    opened.poll();
    assertThat(samples(opened, FIRST))
        .doesNotContainKey("nv_gpu_power_usage")
        .containsEntry("nv_gpu_utilization", 0.37)
        .containsEntry("nv_gpu_power_limit", 700.0);
    assertThat(samples(opened, SECOND)).containsKey("nv_gpu_power_usage");
  }

  @Test
  void aDriverWithoutTheNewerMemoryInfoCountsWhatIsReservedAsUsed() {
    assertThat(samples(open(nvml("WITHOUT_MEMORY_V2"), null, FIRST), FIRST))
        .containsEntry("nv_gpu_memory_total_bytes", 80.0 * GIB)
        .containsEntry("nv_gpu_memory_used_bytes", 6.0 * GIB);
  }

  @Test
  void ofASliceThereIsItsMemoryAndNothingMadeUp() {
    FakeLibrary nvml = nvml();
    int slice = nvml.ask("fake_add", SLICE);
    nvml.tell("fake_slice", slice, FIRST, 1, 0);
    nvml.tell("fake_memory", slice, 10 * GIB, 0L, GIB);

    assertThat(samples(open(nvml, null, SLICE), SLICE))
        .containsOnlyKeys("nv_gpu_memory_total_bytes", "nv_gpu_memory_used_bytes")
        .containsEntry("nv_gpu_memory_total_bytes", 10.0 * GIB);
  }

  @Test
  void onlyWhatThisProcessSeesIsShown() {
    FakeLibrary nvml = nvml();
    nvml.tell("fake_add", SECOND);

    GpuTelemetry opened = open(nvml, null, SECOND);

    assertThat(page(opened)).contains(SECOND).doesNotContain(FIRST);
  }

  @Test
  void whereCudaCannotBeAskedTheVariableIsHeeded() {
    FakeLibrary nvml = nvml();
    nvml.tell("fake_add", SECOND);
    int slice = nvml.ask("fake_add", SLICE);
    nvml.tell("fake_slice", slice, SECOND, 2, 1);

    assertThat(page(open(nvml, null, DcgmOption.EMBEDDED, seeing(), "0").orElseThrow()))
        .contains(FIRST)
        .doesNotContain(SECOND, SLICE);
    close();
    String numbered = "MIG-" + SECOND + "/2/1";
    assertThat(page(open(nvml, null, DcgmOption.EMBEDDED, seeing(), numbered).orElseThrow()))
        .contains(SLICE)
        .doesNotContain(FIRST);
    close();
    assertThat(open(nvml, null, DcgmOption.EMBEDDED, seeing(), "")).isEmpty();
    assertThat(nvml.ask("fake_started")).as("what was opened is closed").isZero();
  }

  @Test
  void aDriverThatKnowsNoSlicesHasWholeGpus() {
    assertThat(
            page(
                open(nvml("WITHOUT_SLICES"), null, DcgmOption.EMBEDDED, seeing(), null)
                    .orElseThrow()))
        .contains(FIRST);
  }

  @Test
  void withoutLibrariesOrWithOnesThatDoNotStartThereIsNothing() {
    assertThat(open(null, null, DcgmOption.EMBEDDED, seeing(), null)).isEmpty();
    assertThat(open(null, null, DcgmOption.EMBEDDED, seeing(FIRST), null)).isEmpty();
    assertThat(open(nvml("INIT_FAILS=9"), null, DcgmOption.EMBEDDED, seeing(FIRST), null))
        .isEmpty();
    assertThat(open(nvml(), null, DcgmOption.EMBEDDED, seeing("GPU-unknown"), null)).isEmpty();
  }

  @Test
  void fromHopperOnTheDriverMeasuresInsideTheGpu() {
    FakeLibrary nvml = nvml();
    nvml.tell("fake_gpm", 0, 80.0, 40.0, 60.0, 20.0, 1000.0, 2000.0);
    GpuTelemetry opened = open(nvml, null, FIRST);
    assertThat(samples(opened, FIRST))
        .as("a rate needs two readings")
        .doesNotContainKey("nereid_gpu_sm_active");

    opened.poll();

    assertThat(samples(opened, FIRST))
        .containsEntry("nereid_gpu_sm_active", 0.8)
        .containsEntry("nereid_gpu_sm_occupancy", 0.4)
        .containsEntry("nereid_gpu_tensor_active", 0.6)
        .containsEntry("nereid_gpu_dram_active", 0.2)
        .containsEntry("nereid_gpu_pcie_tx_bytes_per_second", 1000.0 * (1 << 20))
        .containsEntry("nereid_gpu_pcie_rx_bytes_per_second", 2000.0 * (1 << 20));
    opened.close();
    assertThat(nvml.ask("fake_samples")).as("samples are freed").isZero();
  }

  @Test
  void oneMeasurementThatFailsLeavesTheOthers() {
    FakeLibrary nvml = nvml();
    nvml.tell("fake_gpm", 0, 80.0, 40.0, Double.NaN, Double.NaN, 1000.0, 2000.0);
    nvml.tell("fake_fail", FIRST, "tensor", NOT_SUPPORTED);
    GpuTelemetry opened = open(nvml, null, FIRST);
    opened.poll();

    assertThat(samples(opened, FIRST))
        .containsEntry("nereid_gpu_sm_active", 0.8)
        .doesNotContainKeys("nereid_gpu_tensor_active", "nereid_gpu_dram_active");
  }

  @Test
  void anOlderDriverMeasuresNothingInside() {
    assertThat(samples(open(nvml("WITHOUT_GPM"), null, FIRST), FIRST))
        .containsKey("nv_gpu_utilization")
        .doesNotContainKey("nereid_gpu_sm_active");
  }

  @Test
  void dcgmsFieldsTakeThePlaceOfNvmlsInTheSameUnits() {
    FakeLibrary dcgm = dcgm();
    GpuTelemetry opened = open(nvml(), dcgm, FIRST);

    assertThat(samples(opened, FIRST))
        .containsEntry("nv_gpu_utilization", 0.38)
        .containsEntry("nv_gpu_memory_total_bytes", 81_559.0 * (1 << 20))
        .containsEntry("nv_gpu_memory_used_bytes", 4_096.0 * (1 << 20))
        .containsEntry("nv_gpu_power_usage", 346.25)
        .containsEntry("nv_gpu_power_limit", 650.0)
        .containsEntry("nereid_gpu_temperature_celsius", 52.0)
        .containsEntry("nereid_gpu_sm_active", 0.75)
        .containsEntry("nereid_gpu_sm_occupancy", 0.25)
        .containsEntry("nereid_gpu_tensor_active", 0.5)
        .containsEntry("nereid_gpu_dram_active", 0.125)
        .containsEntry("nereid_gpu_pcie_tx_bytes_per_second", 1e9)
        .containsEntry("nereid_gpu_pcie_rx_bytes_per_second", 2e9)
        .containsEntry("nv_energy_consumption", 0.0);
    dcgm.tell("fake_integer", 3, 156, 2_003_500L);
    opened.poll();
    assertThat(samples(opened, FIRST).get("nv_energy_consumption")).isCloseTo(3.5, within(1e-9));
    assertThat(dcgm.ask("fake_frequency")).isEqualTo(1_000_000);
    assertThat(opened.report())
        .contains("nv_gpu_utilization")
        .contains("(DCGM)")
        .doesNotContain("(NVML)");
  }

  @Test
  void whatDcgmIsAskedToWatchIsGivenBack() {
    FakeLibrary dcgm = dcgm();
    GpuTelemetry opened = open(nvml(), dcgm, FIRST);
    assertThat(dcgm.ask("fake_left")).isPositive();

    opened.close();

    assertThat(dcgm.ask("fake_left")).isZero();
    assertThat(dcgm.ask("fake_sessions")).isZero();
    assertThat(dcgm.ask("fake_initialised")).isZero();
  }

  @Test
  void aBlankIsNoValueAndNvmlFillsIn() {
    FakeLibrary dcgm = dcgm();
    dcgm.tell("fake_integer", 3, 203, BLANK);
    dcgm.tell("fake_integer", 3, 252, BLANK + 2);
    dcgm.tell("fake_double", 3, 155, BLANK_DOUBLE);
    dcgm.tell("fake_double", 3, 160, BLANK_DOUBLE + 3);
    dcgm.tell("fake_double", 3, 1004, BLANK_DOUBLE);
    dcgm.tell("fake_double", 3, 1005, BLANK_DOUBLE + 1);
    GpuTelemetry opened = open(nvml(), dcgm, FIRST);

    assertThat(samples(opened, FIRST))
        .containsEntry("nv_gpu_utilization", 0.37)
        .containsEntry("nv_gpu_memory_used_bytes", 5.0 * GIB)
        .containsEntry("nv_gpu_power_usage", 345.6)
        .containsEntry("nv_gpu_power_limit", 700.0)
        .doesNotContainKeys("nereid_gpu_tensor_active", "nereid_gpu_dram_active");

    // Nothing yet is not a failure, however often; not found is.
    opened.poll();
    opened.poll();
    opened.poll();
    dcgm.tell("fake_double", 3, 1004, 0.5);
    dcgm.tell("fake_double", 3, 1005, 0.5);
    opened.poll();
    assertThat(samples(opened, FIRST))
        .containsEntry("nereid_gpu_tensor_active", 0.5)
        .doesNotContainKey("nereid_gpu_dram_active");
  }

  @Test
  void aFieldThatDcgmHasNotMeasuredYetAppearsWhenItHas() {
    FakeLibrary dcgm = dcgm();
    dcgm.tell("fake_status", 3, 1002, -14);
    GpuTelemetry opened = open(nvml(), dcgm, FIRST);
    assertThat(samples(opened, FIRST)).doesNotContainKey("nereid_gpu_sm_active");

    dcgm.tell("fake_double", 3, 1002, 0.9);
    opened.poll();

    assertThat(samples(opened, FIRST)).containsEntry("nereid_gpu_sm_active", 0.9);
  }

  @Test
  void withoutTheRightToProfileTheRestOfDcgmIsThere() {
    FakeLibrary dcgm = dcgm("WITHOUT_PROFILING");
    GpuTelemetry opened = open(nvml(), dcgm, FIRST);

    assertThat(samples(opened, FIRST))
        .containsEntry("nv_gpu_utilization", 0.38)
        .doesNotContainKey("nereid_gpu_sm_active");
    opened.close();
    assertThat(dcgm.ask("fake_left")).isZero();
  }

  @Test
  void aHostEngineThatIsLostLeavesItsFieldsToNvml() {
    FakeLibrary dcgm = dcgm();
    GpuTelemetry opened =
        open(nvml(), dcgm, DcgmOption.parse("127.0.0.1:5555"), seeing(FIRST), null).orElseThrow();
    assertThat(dcgm.askText("fake_address")).isEqualTo("127.0.0.1:5555");
    assertThat(samples(opened, FIRST)).containsEntry("nv_gpu_utilization", 0.38);

    dcgm.tell("fake_lose");
    opened.poll();

    assertThat(samples(opened, FIRST))
        .containsEntry("nv_gpu_utilization", 0.37)
        .doesNotContainKey("nereid_gpu_sm_active");
  }

  @Test
  void aHostEngineThatIsNotThereOrADcgmThatDoesNotStartLeavesNvml() {
    FakeLibrary refusing = dcgm("CONNECT_FAILS", "START_FAILS=-6");
    for (DcgmOption option : List.of(DcgmOption.EMBEDDED, DcgmOption.parse("gpu-host"))) {
      assertThat(samples(open(nvml(), refusing, option, seeing(FIRST), null).orElseThrow(), FIRST))
          .containsEntry("nv_gpu_utilization", 0.37);
      close();
      assertThat(refusing.ask("fake_initialised")).isZero();
    }
  }

  @Test
  void dcgmCanBeLeftOut() {
    FakeLibrary dcgm = dcgm();
    GpuTelemetry opened =
        open(nvml(), dcgm, DcgmOption.parse("none"), seeing(FIRST), null).orElseThrow();

    assertThat(samples(opened, FIRST)).containsEntry("nv_gpu_utilization", 0.37);
    assertThat(dcgm.ask("fake_initialised")).isZero();
  }

  @Test
  void aDcgmWhoseValuesHaveAnotherLayoutIsNotRead() {
    GpuTelemetry opened = open(nvml(), dcgm("OLDER_VALUES"), FIRST);

    assertThat(samples(opened, FIRST)).containsEntry("nv_gpu_utilization", 0.37);
  }

  @Test
  void withDcgmAloneThereAreItsFields() {
    assertThat(
            samples(
                open(null, dcgm(), DcgmOption.EMBEDDED, seeing(FIRST), null).orElseThrow(), FIRST))
        .containsEntry("nv_gpu_utilization", 0.38);
  }

  @Test
  void theReportNamesEveryFieldWithItsSource() {
    assertThat(open(nvml(), null, FIRST).report())
        .startsWith(FIRST + "\n")
        .containsPattern("nv_gpu_utilization +0\\.3700  \\(NVML\\)")
        .containsPattern("nereid_gpu_sm_active +absent");
  }

  @Test
  void aReportForPeopleHasTheDevicesAndTwoReadings() throws Exception {
    FakeLibrary nvml = nvml();
    nvml.tell("fake_gpm", 0, 80.0, 40.0, 60.0, 20.0, 1000.0, 2000.0);
    GpuTelemetry.Sources sources =
        new GpuTelemetry.Sources(nvml.path(), List.of(directory.resolve("none.so").toString()), "");

    assertThat(GpuReport.take(sources, seeing(FIRST), DcgmOption.EMBEDDED, Duration.ofMillis(1)))
        .startsWith("GPU 0: GPU, compute capability 9.0")
        .containsPattern("nereid_gpu_tensor_active +0\\.6000  \\(NVML GPM\\)");
    assertThat(GpuReport.take(sources, seeing(), DcgmOption.EMBEDDED, Duration.ofMillis(1)))
        .isEqualTo("CUDA has no GPU: none\nNo GPU metrics: neither NVML nor DCGM has any\n");
    assertThat(nvml.ask("fake_started")).isZero();
  }

  @Test
  void isReadAgainOnAThreadOfItsOwn() {
    FakeLibrary nvml = nvml();
    GpuTelemetry opened = open(nvml, null, FIRST);
    opened.start(Duration.ofMillis(1));
    nvml.tell("fake_load", 0, 99, 345_600, 700_000, 51, 1_000_000L);

    while (!Double.valueOf(0.99).equals(samples(opened, FIRST).get("nv_gpu_utilization"))) {
      Thread.onSpinWait();
    }

    opened.close();
    assertThat(nvml.ask("fake_started")).isZero();
    assertThat(page(opened)).as("nothing stale").isEmpty();
  }
}
