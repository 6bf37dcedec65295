package dev.nereid.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A page of the Prometheus text format 0.0.4, read by the format's own rules and by nothing of the
 * server's, and checked as {@code promtool check metrics} would.
 */
public final class PrometheusPage {

  private static final Pattern SAMPLE =
      Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)\\})? ([^ ]+)");
  private static final Pattern LABEL =
      Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\\\n]|\\\\[\\\\\"n])*)\"(,|$)");

  private final Map<String, String> types = new LinkedHashMap<>();
  private final Map<String, String> help = new LinkedHashMap<>();
  private final Map<String, Double> samples = new LinkedHashMap<>();

  /** Reads a page; fails the test where it breaks the format. */
  public static PrometheusPage parse(String text) {
    assertThat(text).endsWith("\n");
    PrometheusPage page = new PrometheusPage();
    String family = "";
    for (String line : text.split("\n", -1)) {
      if (line.startsWith("# HELP ")) {
        String[] words = line.split(" ", 4);
        assertThat(page.help).as("HELP once").doesNotContainKey(words[2]);
        page.help.put(words[2], words[3]);
        family = words[2];
      } else if (line.startsWith("# TYPE ")) {
        String[] words = line.split(" ");
        assertThat(words[2]).as("TYPE follows its HELP").isEqualTo(family);
        assertThat(words[3]).isIn("counter", "gauge", "histogram");
        assertThat(page.types.put(words[2], words[3])).as("TYPE once").isNull();
      } else if (!line.isEmpty()) {
        page.sample(line, family);
      }
    }
    page.types.forEach(page::lint);
    return page;
  }

  private void sample(String line, String family) {
    Matcher matcher = SAMPLE.matcher(line);
    assertThat(matcher.matches()).as(line).isTrue();
    String name = matcher.group(1);
    String base =
        "histogram".equals(types.get(family))
            ? name.replaceFirst("_(bucket|sum|count)$", "")
            : name;
    assertThat(base).as("series stands under its family: " + line).isEqualTo(family);
    Map<String, String> labels = labels(matcher.group(2));
    assertThat(labels.keySet().stream().filter(label -> !label.equals("le")))
        .as("labels are in alphabetical order: " + line)
        .isSorted();
    double value =
        switch (matcher.group(3)) {
          case "+Inf" -> Double.POSITIVE_INFINITY;
          case "-Inf" -> Double.NEGATIVE_INFINITY;
          default -> Double.parseDouble(matcher.group(3));
        };
    assertThat(samples.put(name + new TreeMap<>(labels), value)).as("once: " + line).isNull();
  }

  private static Map<String, String> labels(@Nullable String text) {
    Map<String, String> labels = new LinkedHashMap<>();
    if (text == null) {
      return labels;
    }
    Matcher matcher = LABEL.matcher(text);
    int end = 0;
    while (matcher.find()) {
      assertThat(matcher.start()).as("nothing between labels: " + text).isEqualTo(end);
      end = matcher.end();
      labels.put(
          matcher.group(1),
          Pattern.compile("\\\\(.)")
              .matcher(matcher.group(2))
              .replaceAll(
                  escape ->
                      Matcher.quoteReplacement(
                          escape.group(1).equals("n") ? "\n" : escape.group(1))));
    }
    assertThat(end).as("nothing behind labels: " + text).isEqualTo(text.length());
    return labels;
  }

  /** Rules of promtool; Triton's own families break some of them and keep their names. */
  private void lint(String family, String type) {
    assertThat(help.get(family)).as(family).isNotBlank();
    if (type.equals("histogram")) {
      lintHistogram(family);
    }
    if (family.startsWith("nv_")) {
      return;
    }
    assertThat(family.endsWith("_total")).as(family).isEqualTo(type.equals("counter"));
    assertThat(family).doesNotContainPattern("_(bucket|sum|count)$");
    assertThat(family).doesNotContainPattern("_(ms|us|ns|millis|milliseconds|kb|mb)(_|$)");
    assertThat(family).doesNotContainPattern("[A-Z]|(counter|gauge|histogram)");
  }

  private void lintHistogram(String family) {
    Map<String, List<Double>> buckets = new LinkedHashMap<>();
    Map<String, List<Double>> bounds = new LinkedHashMap<>();
    samples.forEach(
        (series, value) -> {
          if (series.startsWith(family + "_bucket{")) {
            String labels = series.substring((family + "_bucket").length());
            Matcher le = Pattern.compile("le=([^,}]+)(, )?").matcher(labels);
            assertThat(le.find()).as(series).isTrue();
            String others = labels.replace(le.group(), "");
            buckets.computeIfAbsent(others, ignored -> new ArrayList<>()).add(value);
            String bound = le.group(1).replace("+Inf", "Infinity");
            bounds.computeIfAbsent(others, ignored -> new ArrayList<>()).add(Double.valueOf(bound));
          }
        });
    assertThat(buckets).as(family).isNotEmpty();
    buckets.forEach(
        (labels, counts) -> {
          assertThat(counts).as(family + labels).isSorted();
          assertThat(bounds.get(labels)).as(family + labels).isSorted().endsWith(1 / 0.0);
          assertThat(samples.get(family + "_count" + labels))
              .as("the last bucket is the count")
              .isEqualTo(counts.get(counts.size() - 1));
          assertThat(samples).containsKey(family + "_sum" + labels);
        });
  }

  /** Families and their types. */
  public Map<String, String> types() {
    return types;
  }

  /** Families and their HELP texts. */
  public Map<String, String> help() {
    return help;
  }

  /** Series as {@code name{label=value, …}}. */
  public Map<String, Double> samples() {
    return samples;
  }

  /** One value, with labels as {@code model=m, version=1} in alphabetical order. */
  public double value(String name, String labels) {
    String series = name + "{" + labels + "}";
    assertThat(samples).containsKey(series);
    return samples.getOrDefault(series, Double.NaN);
  }
}
