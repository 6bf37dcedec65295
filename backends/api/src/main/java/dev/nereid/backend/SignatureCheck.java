package dev.nereid.backend;

import dev.nereid.tensor.Shapes;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Whether a configuration fits the model file it stands beside, with the texts of Triton's ONNX
 * Runtime and TensorFlow backends.
 *
 * <ul>
 *   <li>Every input of the file is in the configuration; outputs may be left out.
 *   <li>Types are equal.
 *   <li>Shapes have the same rank; an input's dimension may be fixed in one of the two and vary in
 *       the other, an output's are equal.
 *   <li>A scalar of the file is written as dimensions of 1, since a configuration has no scalars.
 * </ul>
 */
public final class SignatureCheck {

  private final ModelSpec spec;
  private final ModelSignature signature;

  private SignatureCheck(ModelSpec spec, ModelSignature signature) {
    this.spec = spec;
    this.signature = signature;
  }

  /**
   * Compares them.
   *
   * @throws BackendException at the first difference
   */
  public static void check(ModelSpec spec, ModelSignature signature) throws BackendException {
    SignatureCheck check = new SignatureCheck(spec, signature);
    check.inputs();
    check.outputs();
  }

  private void inputs() throws BackendException {
    long required = spec.inputs().stream().filter(input -> !input.optional()).count();
    long offered = signature.inputs().stream().filter(input -> !input.optional()).count();
    Map<String, TensorSpec> byName = byName(signature.inputs());
    for (TensorSpec input : spec.inputs()) {
      TensorSpec found = byName.get(input.name());
      if (found == null) {
        throw new BackendException(
            "unexpected inference input '%s', allowed inputs are: %s"
                .formatted(input.name(), String.join(", ", byName.keySet())));
      }
      type("input", input, found);
      shape(input, found, false);
    }
    if (spec.inputs().size() < offered || required > signature.inputs().size()) {
      throw new BackendException(
          "unable to load model '%s', configuration expects %d inputs, model provides %d%s"
              .formatted(name(), spec.inputs().size(), signature.inputs().size(), missing(byName)));
    }
  }

  /** Triton's text gives numbers alone; these are the names behind them. */
  private String missing(Map<String, TensorSpec> byName) {
    Map<String, TensorSpec> configured = byName(spec.inputs());
    List<String> missing =
        byName.values().stream()
            .filter(input -> !input.optional() && !configured.containsKey(input.name()))
            .map(input -> "'" + input.name() + "'")
            .toList();
    return missing.isEmpty()
        ? ""
        : ": the configuration leaves out input(s) [" + String.join(",", missing) + "]";
  }

  private void outputs() throws BackendException {
    Map<String, TensorSpec> byName = byName(signature.outputs());
    for (TensorSpec output : spec.outputs()) {
      TensorSpec found = byName.get(output.name());
      if (found == null) {
        throw new BackendException(
            "unexpected inference output '%s', allowed outputs are: %s"
                .formatted(output.name(), String.join(", ", byName.keySet())));
      }
      type("output", output, found);
      shape(output, found, true);
    }
  }

  private void type(String what, TensorSpec configured, TensorSpec found) throws BackendException {
    if (configured.type() != found.type()) {
      throw new BackendException(
          "unable to load model '%s', configuration expects datatype %s for %s '%s', model provides TYPE_%s"
              .formatted(name(), typeName(configured), what, configured.name(), found.type()));
    }
  }

  /** The type as config.pbtxt writes it, where BYTES is a string. */
  private static String typeName(TensorSpec configured) {
    return switch (configured.type()) {
      case BYTES -> "TYPE_STRING";
      default -> "TYPE_" + configured.type();
    };
  }

  private void shape(TensorSpec configured, TensorSpec found, boolean exact)
      throws BackendException {
    long[] wanted = configured.shape();
    long[] offered = found.shape();
    if (spec.isBatching() && (offered.length == 0 || offered[0] != Shapes.VARIABLE)) {
      throw new BackendException(
          ("model '%s', tensor '%s': for the model to support batching the shape should have at"
                  + " least 1 dimension and the first dimension must be -1; but shape expected by"
                  + " the model is %s")
              .formatted(name(), configured.name(), Shapes.text(offered)));
    }
    if (offered.length == 0) {
      scalar(configured);
    } else if (!fits(offered, wanted, exact)) {
      String more =
          spec.isBatching()
              ? " (an initial batch dimension because max_batch_size > 0 followed by the explicit"
                  + " tensor shape, making complete shape "
              : " (shape ";
      throw new BackendException(
          ("model '%s', tensor '%s': the model expects %d dimensions (shape %s) but the model"
                  + " configuration specifies %d dimensions%s%s)")
              .formatted(
                  name(),
                  configured.name(),
                  offered.length,
                  Shapes.text(offered),
                  wanted.length,
                  more,
                  Shapes.text(wanted)));
    }
  }

  private void scalar(TensorSpec configured) throws BackendException {
    for (long dimension : configured.shape()) {
      if (dimension != 1) {
        throw new BackendException(
            ("unable to load model '%s', scalar tensor '%s', should only provide 1 in the model"
                    + " configuration when the model doesn't support batching. Model configuration"
                    + " provided: %s.")
                .formatted(name(), configured.name(), Shapes.text(configured.shape())));
      }
    }
  }

  private static boolean fits(long[] offered, long[] wanted, boolean exact) {
    if (offered.length != wanted.length) {
      return false;
    }
    for (int i = 0; i < offered.length; i++) {
      boolean open = offered[i] == Shapes.VARIABLE || wanted[i] == Shapes.VARIABLE;
      if (offered[i] != wanted[i] && (exact || !open)) {
        return false;
      }
    }
    return true;
  }

  private String name() {
    return spec.source().modelName();
  }

  private static Map<String, TensorSpec> byName(List<TensorSpec> tensors) {
    Map<String, TensorSpec> byName = new TreeMap<>();
    tensors.forEach(tensor -> byName.put(tensor.name(), tensor));
    return byName;
  }
}
