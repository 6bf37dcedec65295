package dev.nereid.bench.target;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A metrics page's GPUs at one instant: those four of {@code nv_gpu_*} that perf_analyzer reads, by
 * the label {@code gpu_uuid}.
 *
 * @param atNanos when it came, on {@link System#nanoTime}
 */
record GpuReading(long atNanos, SortedMap<String, Map<String, Double>> gpus) {

  static final String UTILIZATION = "nv_gpu_utilization";
  static final String POWER = "nv_gpu_power_usage";
  static final String USED = "nv_gpu_memory_used_bytes";
  static final String TOTAL = "nv_gpu_memory_total_bytes";
  static final List<String> METRICS = List.of(UTILIZATION, POWER, USED, TOTAL);

  /** A sample in Prometheus' text format: name, labels, value and perhaps a time. */
  private static final Pattern SAMPLE =
      Pattern.compile("(nv_gpu_[a-z_]+)\\{(?:[^}]*,)?gpu_uuid=\"([\\w./-]+)\"[^}]*}\\s+(\\S+).*");

  /** Reads a page; what is no sample of these metrics is passed over. */
  static GpuReading of(long atNanos, String page) {
    SortedMap<String, Map<String, Double>> gpus = new TreeMap<>();
    page.lines()
        .map(SAMPLE::matcher)
        .filter(Matcher::matches)
        .filter(sample -> METRICS.contains(sample.group(1)))
        .forEach(
            sample -> {
              double value = value(sample.group(3));
              if (Double.isFinite(value)) {
                gpus.computeIfAbsent(sample.group(2), uuid -> new TreeMap<>())
                    .put(sample.group(1), value);
              }
            });
    return new GpuReading(atNanos, gpus);
  }

  private static double value(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }

  /** Means of use and power, the most memory in use, and the total, for each GPU. */
  static List<GpuUse> summary(Collection<GpuReading> readings) {
    SortedMap<String, List<Map<String, Double>>> byGpu = new TreeMap<>();
    for (GpuReading reading : readings) {
      reading.gpus.forEach(
          (uuid, values) -> byGpu.computeIfAbsent(uuid, key -> new ArrayList<>()).add(values));
    }
    List<GpuUse> uses = new ArrayList<>();
    byGpu.forEach(
        (uuid, seen) -> {
          Function<String, double[]> all = metric -> values(seen, metric);
          uses.add(
              new GpuUse(
                  uuid,
                  mean(all.apply(UTILIZATION)),
                  mean(all.apply(POWER)),
                  most(all.apply(USED)),
                  most(all.apply(TOTAL)),
                  seen.size()));
        });
    return List.copyOf(uses);
  }

  private static double[] values(List<Map<String, Double>> seen, String metric) {
    List<Double> values = new ArrayList<>();
    for (Map<String, Double> reading : seen) {
      @Nullable Double value = reading.get(metric);
      if (value != null) {
        values.add(value);
      }
    }
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static double mean(double[] values) {
    return java.util.Arrays.stream(values).average().orElse(Double.NaN);
  }

  private static long most(double[] values) {
    return Math.round(java.util.Arrays.stream(values).max().orElse(-1));
  }
}
