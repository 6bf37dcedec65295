package dev.nereid.models.resnet;

/**
 * A batch norm's numbers, one of each a channel: {@code gamma (x - mean) / sqrt(variance + epsilon)
 * + beta}. The first two are trained, the last two observed.
 */
record BatchNorm(float[] gamma, float[] beta, float[] mean, float[] variance) {

  /** As in the original network. */
  static final float EPSILON = 1e-5f;

  /** Where in the network it stands, which decides the size of its numbers. */
  enum Role {
    /** Behind the first convolution: brings pixels to 1. */
    INPUT(1, 2 * Weights.INPUT_SCALE * Weights.INPUT_SCALE),
    /** Between two convolutions, and on a shortcut. */
    INNER(1, 1),
    /** The last of a block, whose output is added to the shortcut. */
    RESIDUAL(0.2f, 1);

    private final float gain;
    private final float power;

    Role(float gain, float power) {
      this.gain = gain;
      this.power = power;
    }

    float gain() {
      return gain;
    }

    float power() {
      return power;
    }
  }
}
