package dev.nereid.launcher.verify;

import dev.nereid.bench.target.MetricsPage;
import dev.nereid.server.gpu.GpuDevice;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;

/**
 * What {@code /metrics} says of the GPUs while a model is under load, beside the driver's own tool.
 */
final class MetricsChecks {

  private static final int IN_FLIGHT = 64;
  private static final long LOAD_MILLIS = 6_000;
  private static final double MIB = 1 << 20;

  private final ServedModels served;
  private final String model;
  private final List<GpuDevice> gpus;

  /**
   * @param gpus that the server sees as well
   */
  MetricsChecks(ServedModels served, String model, List<GpuDevice> gpus) {
    this.served = served;
    this.model = model;
    this.gpus = List.copyOf(gpus);
  }

  List<Check> all() {
    return List.of(
        new Check("nv_gpu_* under load agree with nvidia-smi", this::agreesWithTool),
        new Check("nv_pinned_memory_pool_* show requests in page-locked memory", this::isPinned),
        new Check("nv_inference_* count what was sent", this::counts));
  }

  /** One reading of the driver's own tool, which counts GPUs otherwise than CUDA does. */
  private record ToolReading(
      double utilization, double usedBytes, double totalBytes, double watts, double limitWatts) {

    static ToolReading take(GpuDevice gpu) throws IOException, InterruptedException, CheckFailure {
      Process process =
          new ProcessBuilder(
                  "nvidia-smi",
                  "--query-gpu=utilization.gpu,memory.used,memory.total,power.draw,power.limit",
                  "--format=csv,noheader,nounits",
                  "--id=" + gpu.uuid())
              .redirectErrorStream(true)
              .start();
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      CheckFailure.unless(
          process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0,
          "nvidia-smi: %s (expected: five numbers)",
          text.strip());
      String[] words = text.strip().split(" *, *");
      CheckFailure.unless(
          words.length == 5, "nvidia-smi: %s (expected: five numbers)", text.strip());
      return new ToolReading(
          Double.parseDouble(words[0]) / 100,
          Double.parseDouble(words[1]) * MIB,
          Double.parseDouble(words[2]) * MIB,
          Double.parseDouble(words[3]),
          Double.parseDouble(words[4]));
    }
  }

  /**
   * @param labels that its series must have, as the page writes them
   * @throws CheckFailure if there is no such series
   */
  static double require(MetricsPage page, String family, String labels) throws CheckFailure {
    OptionalDouble sum = page.sum(family, labels);
    CheckFailure.unless(
        sum.isPresent(), "%s{%s}: not on the metrics page (expected: a series)", family, labels);
    return sum.getAsDouble();
  }

  private String agreesWithTool() throws Exception {
    CheckFailure.unless(!gpus.isEmpty(), "GPUs: none (expected: one or more)");
    MetricsPage before = served.metrics();
    MetricsPage page;
    List<ToolReading> tool = new ArrayList<>();
    try (Load load = new Load(served, model, IN_FLIGHT)) {
      Thread.sleep(LOAD_MILLIS);
      for (GpuDevice gpu : gpus) {
        tool.add(ToolReading.take(gpu));
      }
      page = served.metrics();
      load.check();
    }
    List<String> seen = new ArrayList<>();
    double busiest = 0;
    for (int i = 0; i < gpus.size(); i++) {
      String labels = "gpu_uuid=\"" + gpus.get(i).uuid() + "\"";
      seen.add(compare(labels, before, page, tool.get(i)));
      busiest = Math.max(busiest, require(page, "nv_gpu_utilization", labels));
    }
    CheckFailure.unless(
        busiest > 0 && busiest <= 1, "nv_gpu_utilization: %s (expected: 0 to 1)", busiest);
    return String.join("; ", seen);
  }

  /** One GPU's gauges and those of the tool. */
  private static String compare(
      String labels, MetricsPage before, MetricsPage page, ToolReading tool) throws CheckFailure {
    List<String> seen = new ArrayList<>();
    near(
        seen,
        "memory_used_MiB",
        require(page, "nv_gpu_memory_used_bytes", labels) / MIB,
        tool.usedBytes / MIB,
        1024);
    near(
        seen,
        "memory_total_MiB",
        require(page, "nv_gpu_memory_total_bytes", labels) / MIB,
        tool.totalBytes / MIB,
        1024);
    near(
        seen, "power_W", require(page, "nv_gpu_power_usage", labels), tool.watts, 0.5 * tool.watts);
    near(seen, "power_limit_W", require(page, "nv_gpu_power_limit", labels), tool.limitWatts, 1);
    seen.add(
        String.format(
            Locale.ROOT,
            "utilization %.2f/%.2f",
            require(page, "nv_gpu_utilization", labels),
            tool.utilization));
    double joules =
        require(page, "nv_energy_consumption", labels)
            - require(before, "nv_energy_consumption", labels);
    CheckFailure.unless(
        joules > 0 && joules < 2 * tool.limitWatts * 30,
        "nv_energy_consumption: %.0f J more (expected: what %.0f W take)",
        joules,
        tool.watts);
    seen.add(String.format(Locale.ROOT, "energy +%.0f J", joules));
    return String.join(", ", seen);
  }

  private static void near(
      List<String> seen, String name, double actual, double expected, double tolerance)
      throws CheckFailure {
    CheckFailure.unless(
        Math.abs(actual - expected) <= tolerance,
        "%s: %.1f (expected: within %.0f of nvidia-smi's %.1f)",
        name,
        actual,
        tolerance,
        expected);
    seen.add(String.format(Locale.ROOT, "%s %.1f/%.1f", name, actual, expected));
  }

  private String isPinned() throws Exception {
    double total;
    double used = 0;
    try (Load load = new Load(served, model, IN_FLIGHT)) {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(8);
      do {
        Thread.sleep(50);
        MetricsPage page = served.metrics();
        total = require(page, "nv_pinned_memory_pool_total_bytes", "");
        used = Math.max(used, require(page, "nv_pinned_memory_pool_used_bytes", ""));
        load.check();
      } while (used == 0 && System.nanoTime() < end);
    }
    CheckFailure.unless(total > 0, "nv_pinned_memory_pool_total_bytes: %s (expected: > 0)", total);
    CheckFailure.unless(used > 0, "nv_pinned_memory_pool_used_bytes: 0 (expected: > 0 under load)");
    return String.format(Locale.ROOT, "%.0f of %.0f MiB", used / MIB, total / MIB);
  }

  private String counts() throws Exception {
    String labels = "model=\"" + model + "\"";
    double before = served.metrics().sum("nv_inference_request_success", labels).orElse(0);
    int sent = 10;
    for (int i = 0; i < sent; i++) {
      float[] unused = served.answer(model, i, 1);
    }
    double counted =
        served.metrics().sum("nv_inference_request_success", labels).orElse(0) - before;
    CheckFailure.unless(counted == sent, "%.0f requests (expected: %d)", counted, sent);
    return sent + " requests";
  }
}
