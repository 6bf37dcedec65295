package dev.nereid.models.quantize;

import java.util.Map;
import java.util.Set;

/** How a network becomes one of 8-bit integers, for one engine. Immutable. */
public interface Quantization {

  /** Layers whose weights become 8-bit integers. */
  int weightedLayers();

  /** Tensors whose ranges have to be known. */
  Set<String> measured();

  /** The output under which {@link #observed} gives a tensor of {@link #measured}. */
  String observedOutput(String tensor);

  /** The network in floating point, which also gives every tensor of {@link #measured}. */
  Network observed();

  /**
   * The network in 8 bits.
   *
   * @param ranges of every tensor of {@link #measured}
   */
  Network quantized(Map<String, Range> ranges);
}
