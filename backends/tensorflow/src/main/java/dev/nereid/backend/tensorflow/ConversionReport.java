package dev.nereid.backend.tensorflow;

import dev.nereid.backend.tensorflow.TensorRtOptions.Precision;
import dev.nereid.backend.tensorflow.engines.Conversion;
import dev.nereid.backend.tensorflow.engines.Conversion.Operator;
import dev.nereid.backend.tensorflow.engines.Conversion.Segment;
import dev.nereid.backend.tensorflow.engines.Share;
import dev.nereid.backend.tensorflow.graph.ModelOperators;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says in the log what TensorRT runs of a model, and why where that is nothing.
 *
 * @param model the frozen graph's; empty where the graph is not frozen
 * @param notFrozen why it is not; empty where it is
 */
record ConversionReport(Optional<ModelOperators> model, String notFrozen) {

  private static final Logger log = LoggerFactory.getLogger(ConversionReport.class);

  /**
   * @param conversion empty where TensorFlow does not tell
   */
  void log(String name, int gpu, Optional<Conversion> conversion, TensorRtOptions options) {
    if (conversion.isEmpty()) {
      log.warn("Model '{}' on GPU {}: TensorFlow does not tell what TensorRT runs", name, gpu);
    } else if (conversion.get().segments().isEmpty()) {
      log.warn(
          "Model '{}' on GPU {}: TensorRT runs nothing of it: {}",
          name,
          gpu,
          whyNothing(conversion.get(), options.minimumSegmentSize()));
    } else {
      log.info("Model '{}' on GPU {}: TensorRT runs {}", name, gpu, share(conversion.get()));
      warnOfPrecision(name, gpu, conversion.get(), options.precision());
    }
  }

  private String share(Conversion conversion) {
    return model
        .map(operators -> Share.of(conversion, operators).text())
        .orElseGet(() -> Share.textWithoutModel(conversion));
  }

  /** As far as it is known here; TensorFlow has a report of its own. */
  String whyNothing(Conversion conversion, int minimumSegmentSize) {
    if (!notFrozen.isEmpty()) {
      return "the graph is not frozen, since " + notFrozen;
    }
    List<Operator> operators = conversion.beside();
    String kinds = Share.kinds(operators.stream().map(Operator::op).toList());
    if (operators.size() < minimumSegmentSize) {
      return "the graph has %d %s%s, and minimum_segment_size is %d"
          .formatted(
              operators.size(),
              operators.size() == 1 ? "operator" : "operators",
              operators.isEmpty() ? "" : " (" + kinds + ")",
              minimumSegmentSize);
    }
    long onGpu = operators.stream().filter(Operator::onGpu).count();
    if (onGpu < minimumSegmentSize) {
      return "TensorFlow has put %d of its %d operators on the GPU, and minimum_segment_size is %d; it has %s"
          .formatted(onGpu, operators.size(), minimumSegmentSize, kinds);
    }
    return "no %d operators next to each other can be converted, of %s (one that gives an output never is); TensorFlow's report on standard error lists them, and with TF_TRT_SHOW_DETAILED_REPORT=1 in the environment why each is not"
        .formatted(minimumSegmentSize, kinds);
  }

  private static void warnOfPrecision(
      String name, int gpu, Conversion conversion, Precision asked) {
    Set<String> others = new TreeSet<>();
    for (Segment segment : conversion.segments()) {
      if (!segment.precision().isEmpty() && !segment.precision().equals(asked.name())) {
        others.add(segment.precision());
      }
    }
    if (!others.isEmpty()) {
      log.warn(
          "Model '{}' on GPU {}: precision_mode {} was asked for, and engines have {}{}",
          name,
          gpu,
          asked,
          others,
          asked == Precision.INT8
              ? ": the graph has no ranges (FakeQuant nodes), which `nereid models quantize` writes"
              : "");
    }
  }
}
