package dev.nereid.models.resnet;

/**
 * The network's numbers, by layer: made when asked for, the same whenever asked.
 *
 * <p>Random weights answer nothing, but they must compute as trained ones do: no value may
 * overflow, vanish into denormals (which are slow), or drive the softmax into a single class. So
 * kernels are He-uniform (variance 2 / fan-in, which keeps a signal's size through convolution and
 * ReLU), batch norms are close to the identity, and the last one of a block is small, so that
 * sixteen residual sums do not pile up. The first batch norm expects pixels about {@value
 * #INPUT_SCALE} in size: an image with the channel means taken off.
 */
final class Weights {

  /** Root mean square of a pixel that the first batch norm brings to 1. */
  static final float INPUT_SCALE = 64;

  private static final float DENSE_BOUND = 0.1f;

  private final long seed;

  Weights(long seed) {
    this.seed = seed;
  }

  /** Row-major height, width, input, output. */
  float[] kernel(String layer, KernelShape shape) {
    float bound = (float) Math.sqrt(6.0 / shape.fanIn());
    return uniform(layer + "/kernel", shape.elements(), -bound, bound);
  }

  /** Scale, shift, mean and variance of a batch norm. */
  BatchNorm batchNorm(String layer, int channels, BatchNorm.Role role) {
    return new BatchNorm(
        uniform(layer + "/gamma", channels, 0.9f * role.gain(), 1.1f * role.gain()),
        uniform(layer + "/beta", channels, -0.1f, 0.1f),
        uniform(layer + "/moving_mean", channels, -0.1f, 0.1f),
        uniform(layer + "/moving_variance", channels, 0.9f * role.power(), 1.1f * role.power()));
  }

  /** Row-major input, output. */
  float[] dense(String layer, int inputs, int outputs) {
    return uniform(layer + "/kernel", inputs * outputs, -DENSE_BOUND, DENSE_BOUND);
  }

  float[] bias(String layer, int outputs) {
    return uniform(layer + "/bias", outputs, -0.1f, 0.1f);
  }

  private float[] uniform(String name, int count, float low, float high) {
    RandomNumbers numbers = new RandomNumbers(seed, name);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = numbers.uniform(i, low, high);
    }
    return values;
  }
}
