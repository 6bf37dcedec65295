package dev.nereid.backend;

import java.util.List;

/**
 * What a model file says about itself.
 *
 * @param known false where the format tells nothing; the lists are empty then
 * @param inputs with full shapes as the file has them, -1 for a dimension that varies
 * @param outputs likewise
 */
public record ModelSignature(boolean known, List<TensorSpec> inputs, List<TensorSpec> outputs) {

  /** Of a format that does not describe itself. */
  public static final ModelSignature UNKNOWN = new ModelSignature(false, List.of(), List.of());

  public ModelSignature {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  public ModelSignature(List<TensorSpec> inputs, List<TensorSpec> outputs) {
    this(true, inputs, outputs);
  }

  /**
   * Whether every input and output leads with a dimension that varies, as a batching model's do.
   */
  public boolean isBatching() {
    return known
        && !inputs.isEmpty()
        && inputs.stream().allMatch(TensorSpec::leadsWithVariable)
        && outputs.stream().allMatch(TensorSpec::leadsWithVariable);
  }
}
