package dev.nereid.models.onnx;

import dev.nereid.models.quantize.Layers;
import dev.nereid.models.quantize.Placement;

/**
 * How an engine wants a network's {@code QuantizeLinear} and {@code DequantizeLinear} nodes. Both
 * kinds of file run on either engine and compute the same on each; an engine is fast on its own.
 */
public enum QdqScheme {
  /**
   * TensorRT's explicit quantisation: symmetric INT8 activations, weights of 127 steps to each side
   * and stored as integers, biases in floating point.
   */
  TENSORRT(true, 127, true, false),

  /**
   * The same for TensorRT 8, whose parser takes no constants of integers: weights stay in floating
   * point, and a {@code QuantizeLinear} makes integers of them.
   */
  TENSORRT_8(true, 127, false, false),

  /**
   * ONNX Runtime's on a CPU: UINT8 activations, so that a ReLU is part of the rounding; INT32
   * biases, which its integer kernels take. Weights have 63 steps to each side: x86 CPUs without
   * VNNI add two products into 16 bits, which 127 steps would overflow.
   */
  ONNX_RUNTIME(false, 63, true, true);

  private final boolean signed;
  private final int weightLimit;
  private final boolean integerWeights;
  private final boolean integerBias;

  QdqScheme(boolean signed, int weightLimit, boolean integerWeights, boolean integerBias) {
    this.signed = signed;
    this.weightLimit = weightLimit;
    this.integerWeights = integerWeights;
    this.integerBias = integerBias;
  }

  Placement placement(Layers layers) {
    return switch (this) {
      case TENSORRT, TENSORRT_8 -> Placement.ofInputs(layers);
      case ONNX_RUNTIME -> Placement.surrounding(layers);
    };
  }

  /** INT8 symmetric around 0, or UINT8 with a zero of its own. */
  boolean signed() {
    return signed;
  }

  int weightLimit() {
    return weightLimit;
  }

  boolean integerWeights() {
    return integerWeights;
  }

  boolean integerBias() {
    return integerBias;
  }
}
