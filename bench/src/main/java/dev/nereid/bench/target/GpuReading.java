package dev.nereid.bench.target;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.DoubleStream;

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

  private static final Pattern SERIES =
      Pattern.compile("(nv_gpu_[a-z_]+)\\{(?:[^}]*,)?gpu_uuid=\"([\\w./-]+)\"[^}]*}");

  /** Takes them from a page; a value that is no finite number is passed over. */
  static GpuReading of(long atNanos, MetricsPage page) {
    SortedMap<String, Map<String, Double>> gpus = new TreeMap<>();
    page.samples()
        .forEach(
            (series, value) -> {
              Matcher matcher = SERIES.matcher(series);
              if (matcher.matches()
                  && METRICS.contains(matcher.group(1))
                  && Double.isFinite(value)) {
                gpus.computeIfAbsent(matcher.group(2), uuid -> new TreeMap<>())
                    .put(matcher.group(1), value);
              }
            });
    return new GpuReading(atNanos, gpus);
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
        (uuid, seen) ->
            uses.add(
                new GpuUse(
                    uuid,
                    values(seen, UTILIZATION).average().orElse(Double.NaN),
                    values(seen, POWER).average().orElse(Double.NaN),
                    Math.round(values(seen, USED).max().orElse(-1)),
                    Math.round(values(seen, TOTAL).max().orElse(-1)),
                    seen.size())));
    return List.copyOf(uses);
  }

  private static DoubleStream values(List<Map<String, Double>> seen, String metric) {
    return seen.stream()
        .mapToDouble(reading -> reading.getOrDefault(metric, Double.NaN))
        .filter(value -> !Double.isNaN(value));
  }
}
