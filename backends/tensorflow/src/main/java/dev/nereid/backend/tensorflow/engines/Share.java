package dev.nereid.backend.tensorflow.engines;

import dev.nereid.backend.tensorflow.engines.Conversion.Operator;
import dev.nereid.backend.tensorflow.graph.ModelOperators;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How much of a model TensorRT runs: of the operators that the graph had when TensorFlow got it,
 * those that are no longer beside the segments, by their names.
 *
 * <p>That is the most that segments can hold. An operator that TensorFlow has simplified away
 * before TF-TRT saw it, as a {@code Reshape} to the same shape, is not beside the segments either,
 * and TensorFlow tells neither that nor what is in a segment. What TensorFlow has added, as casts
 * and transpositions, is not the model's and does not count on either side.
 *
 * @param segments how many there are
 * @param all operators of the graph, as {@link ModelOperators} counts them
 * @param beside those of them that TensorFlow runs itself
 */
public record Share(int segments, int all, List<String> beside) {

  private static final int KINDS_SAID = 8;

  public Share {
    beside = List.copyOf(beside);
  }

  public static Share of(Conversion conversion, ModelOperators model) {
    Set<String> left = conversion.beside().stream().map(Operator::name).collect(Collectors.toSet());
    left.addAll(model.callers());
    List<String> beside =
        model.byName().entrySet().stream()
            .filter(operator -> left.contains(operator.getKey()))
            .map(Map.Entry::getValue)
            .toList();
    return new Share(conversion.segments().size(), model.byName().size(), beside);
  }

  /** The most operators that segments can hold. */
  public int within() {
    return segments == 0 ? 0 : all - beside.size();
  }

  /**
   * As {@code 1 segment with at most 160 of the graph's 162 operators (98 %); TensorFlow runs 2
   * itself: ArgMax 1, Softmax 1}. The percentage is rounded down.
   */
  public String text() {
    String text =
        "%s with at most %d of the graph's %d operators (%d %%)"
            .formatted(segmentsText(segments), within(), all, all == 0 ? 0 : 100L * within() / all);
    return beside.isEmpty()
        ? text
        : "%s; TensorFlow runs %d itself: %s".formatted(text, beside.size(), kinds(beside));
  }

  /** The same where it is not known which operators are the model's. */
  public static String textWithoutModel(Conversion conversion) {
    List<String> beside = conversion.beside().stream().map(Operator::op).toList();
    return beside.isEmpty()
        ? segmentsText(conversion.segments().size())
        : "%s; TensorFlow runs %d operators beside: %s"
            .formatted(segmentsText(conversion.segments().size()), beside.size(), kinds(beside));
  }

  private static String segmentsText(int count) {
    return count + (count == 1 ? " segment" : " segments");
  }

  /** As {@code Conv2D 53, Relu 49, 12 others}: the most frequent first. */
  public static String kinds(List<String> ops) {
    Map<String, Integer> counts = new TreeMap<>();
    ops.forEach(op -> counts.merge(op, 1, Integer::sum));
    List<Map.Entry<String, Integer>> sorted =
        counts.entrySet().stream()
            .sorted(Comparator.comparing(Map.Entry<String, Integer>::getValue).reversed())
            .toList();
    int others = sorted.stream().skip(KINDS_SAID).mapToInt(Map.Entry::getValue).sum();
    return Stream.concat(
            sorted.stream().limit(KINDS_SAID).map(kind -> kind.getKey() + " " + kind.getValue()),
            others == 0 ? Stream.empty() : Stream.of(others + " others"))
        .collect(Collectors.joining(", "));
  }
}
