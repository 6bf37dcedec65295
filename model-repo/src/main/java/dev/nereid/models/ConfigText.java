package dev.nereid.models;

import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.DataType;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** {@code config.pbtxt} of a model that is described by its own signature. */
final class ConfigText {

  private static final int DELAY_MICROSECONDS = 5000;

  private final ModelSignature signature;
  private final Optional<String> labels;

  /**
   * @param signature whose every tensor leads with the batch dimension
   * @param labels the name of a file beside the configuration with a line a class
   */
  ConfigText(ModelSignature signature, Optional<String> labels) {
    this.signature = signature;
    this.labels = labels;
  }

  /**
   * Writes it.
   *
   * @param pixels the name of an input that takes 8-bit pixels in place of floats
   */
  String of(String name, ImportedVariant variant, Optional<String> pixels) {
    StringBuilder text = new StringBuilder();
    text.append("# ").append(variant.comment()).append('\n');
    text.append("name: \"").append(name).append("\"\n").append(variant.engine()).append('\n');
    text.append("max_batch_size: ").append(variant.maxBatchSize()).append('\n');
    text.append("input [\n");
    text.append(
        signature.inputs().stream()
            .map(
                input ->
                    tensor(
                        input, pixels.filter(input.name()::equals).isPresent(), Optional.empty()))
            .collect(Collectors.joining(",\n")));
    text.append("\n]\noutput [\n");
    List<TensorSpec> outputs = signature.outputs();
    text.append(
        outputs.stream()
            .map(output -> tensor(output, false, outputs.size() == 1 ? labels : Optional.empty()))
            .collect(Collectors.joining(",\n")));
    text.append("\n]\n");
    text.append(
        String.format(
            Locale.ROOT,
            "instance_group [ { kind: KIND_%s count: %d } ]%n"
                + "dynamic_batching {%n  preferred_batch_size: [ %d ]%n"
                + "  max_queue_delay_microseconds: %d%n}%n",
            variant.kind(),
            variant.instances(),
            variant.maxBatchSize(),
            DELAY_MICROSECONDS));
    return text.append(variant.options()).toString();
  }

  private static String tensor(TensorSpec tensor, boolean pixels, Optional<String> labels) {
    long[] full = tensor.shape();
    long[] rest = Arrays.copyOfRange(full, 1, full.length);
    // One number a row has no dimensions of its own, which a configuration writes as one of 1.
    String dims =
        rest.length == 0
            ? "dims: [ 1 ] reshape: { shape: [ ] }"
            : "dims: "
                + Arrays.stream(rest)
                    .mapToObj(Long::toString)
                    .collect(Collectors.joining(", ", "[ ", " ]"));
    return "  { name: \""
        + escaped(tensor.name())
        + "\" data_type: TYPE_"
        + (pixels ? DataType.UINT8 : type(tensor.type()))
        + " "
        + dims
        + labels.map(file -> " label_filename: \"" + file + "\"").orElse("")
        + " }";
  }

  private static String type(DataType type) {
    return type == DataType.BYTES ? "STRING" : type.name();
  }

  private static String escaped(String name) {
    return name.replace("\\", "\\\\").replace("\"", "\\\"");
  }
}
