package dev.nereid.models.quantize;

import java.util.List;

/**
 * What quantisation has to know of one operator, whatever the format of its network.
 *
 * @param id unique in its network
 * @param activations the tensors it reads that depend on the network's input, in their order
 * @param output its first output
 */
public record Layer(String id, Kind kind, List<String> activations, String output) {

  public Layer {
    activations = List.copyOf(activations);
  }

  /** How engines that compute in 8 bits treat it. */
  public enum Kind {
    /** A convolution by constant weights. */
    CONVOLUTION,
    /** A matrix product by constant weights. */
    PRODUCT,
    /** The sum of two activations. */
    ADDITION,
    /** Constants that engines fold into the layer before: a bias, a batch norm. */
    FOLDED,
    /** Cuts values off, as part of the layer before. */
    ACTIVATION,
    /** Makes values of others' and stays within their range: a mean, a concatenation. */
    MIXING,
    /** Makes no value of its own: the maximum of some, zeros around them, another shape. */
    SAME_VALUES,
    /** Stays in floating point. */
    OTHER
  }

  /** Whether it multiplies with weights, which is what 8 bits make faster. */
  public boolean isWeighted() {
    return kind == Kind.CONVOLUTION || kind == Kind.PRODUCT;
  }
}
