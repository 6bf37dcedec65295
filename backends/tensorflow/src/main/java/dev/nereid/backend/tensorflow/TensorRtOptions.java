package dev.nereid.backend.tensorflow;

import com.google.protobuf.ByteString;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.Parameters;
import java.util.Optional;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.RewriterConfig;
import org.tensorflow.proto.RewriterConfig.CustomGraphOptimizer;

/**
 * Parameters of the accelerator {@code tensorrt}, under Triton's names and with its defaults.
 *
 * @param precision {@code precision_mode}: FP32, FP16 or INT8. Triton refused INT8; here the ranges
 *     come from the graph's FakeQuant nodes, and nothing is calibrated while serving
 * @param minimumSegmentSize {@code minimum_segment_size}: fewer nodes than this are not worth an
 *     engine; 3
 * @param maxWorkspaceSizeBytes {@code max_workspace_size_bytes}: scratch memory of an engine; 1 GiB
 * @param maxCachedEngines {@code max_cached_engines}: engines of a segment, one a batch size; 100
 */
record TensorRtOptions(
    Precision precision, int minimumSegmentSize, long maxWorkspaceSizeBytes, int maxCachedEngines) {

  static final String CACHED_ENGINES = "max_cached_engines";
  private static final String OTHER_CACHED_ENGINES = "maximum_cached_engines";

  /** Of {@code precision_mode}. */
  enum Precision {
    FP32,
    FP16,
    INT8
  }

  static TensorRtOptions parse(ModelSpec.Accelerator accelerator) throws BackendException {
    Parameters parameters = Parameters.ofAccelerator(accelerator);
    Precision precision = precision(parameters);
    int segment = parameters.integer("minimum_segment_size", 1, Integer.MAX_VALUE).orElse(3);
    long workspace = bytes(parameters, "max_workspace_size_bytes", 1L << 30);
    int engines = parameters.integer(CACHED_ENGINES, 1, Integer.MAX_VALUE).orElse(100);
    if (parameters.text(OTHER_CACHED_ENGINES).isPresent()) {
      if (accelerator.parameters().containsKey(CACHED_ENGINES)) {
        throw parameters.refusal(OTHER_CACHED_ENGINES, "not beside " + CACHED_ENGINES);
      }
      engines = parameters.integer(OTHER_CACHED_ENGINES, 1, Integer.MAX_VALUE).orElse(engines);
    }
    parameters.refuseOthers();
    return new TensorRtOptions(precision, segment, workspace, engines);
  }

  private static Precision precision(Parameters parameters) throws BackendException {
    Optional<String> text = parameters.text("precision_mode");
    if (text.isEmpty()) {
      return Precision.FP32;
    }
    for (Precision precision : Precision.values()) {
      if (precision.name().equals(text.get())) {
        return precision;
      }
    }
    throw parameters.refusal("precision_mode", "FP32, FP16 or INT8");
  }

  private static long bytes(Parameters parameters, String name, long otherwise)
      throws BackendException {
    Optional<String> text = parameters.text(name);
    if (text.isEmpty()) {
      return otherwise;
    }
    try {
      long value = Long.parseLong(text.get().strip());
      if (value >= 0) {
        return value;
      }
    } catch (NumberFormatException e) {
      throw parameters.refusal(name, "a number of bytes");
    }
    throw parameters.refusal(name, "a number of bytes");
  }

  /** Refuses fewer engines than there are batch sizes: they would push each other out. */
  void checkCapacity(Padding padding) throws BackendException {
    if (maxCachedEngines < padding.sizes().size()) {
      throw BackendException.ofField(
          "execution_accelerators['tensorrt'].parameters['%s']: %d (expected: at least %d, an engine for each batch size of %s)"
              .formatted(CACHED_ENGINES, maxCachedEngines, padding.sizes().size(), padding.sizes()),
          "optimization",
          "execution_accelerators");
    }
  }

  /**
   * What has TensorFlow's graph optimiser put TensorRT's engines into the graph, in Triton's order
   * of passes. TensorFlow itself knows the number of cached engines by another name than Triton
   * gives it, so it is set under both.
   *
   * @param maxBatchSize 0 where the model does not batch
   */
  RewriterConfig rewriter(int maxBatchSize) {
    return RewriterConfig.newBuilder()
        .setMetaOptimizerIterations(RewriterConfig.NumIterationsType.ONE)
        .addOptimizers("constfold")
        .addOptimizers("layout")
        .addOptimizers("constfold")
        .addCustomOptimizers(
            CustomGraphOptimizer.newBuilder()
                .setName("TensorRTOptimizer")
                .putParameterMap("is_dynamic_op", bool(true))
                .putParameterMap("minimum_segment_size", number(minimumSegmentSize))
                .putParameterMap("precision_mode", text(precision.name()))
                .putParameterMap("max_batch_size", number(Math.max(1, maxBatchSize)))
                .putParameterMap("max_workspace_size_bytes", number(maxWorkspaceSizeBytes))
                .putParameterMap(CACHED_ENGINES, number(maxCachedEngines))
                .putParameterMap(OTHER_CACHED_ENGINES, number(maxCachedEngines))
                .putParameterMap("use_calibration", bool(false))
                .putParameterMap("use_implicit_batch", bool(true))
                .putParameterMap("allow_build_at_runtime", bool(true)))
        .addCustomOptimizers(CustomGraphOptimizer.newBuilder().setName("constfold"))
        .build();
  }

  private static AttrValue bool(boolean value) {
    return AttrValue.newBuilder().setB(value).build();
  }

  private static AttrValue number(long value) {
    return AttrValue.newBuilder().setI(value).build();
  }

  private static AttrValue text(String value) {
    return AttrValue.newBuilder().setS(ByteString.copyFromUtf8(value)).build();
  }
}
