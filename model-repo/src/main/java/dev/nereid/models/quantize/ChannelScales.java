package dev.nereid.models.quantize;

/**
 * Weights as 8-bit integers: {@code round(weight / scale)}, one scale an output channel, symmetric
 * around 0, so that a channel's greatest weight becomes the limit.
 *
 * @param scales one a channel; 1 for a channel of zeros
 */
public record ChannelScales(float[] scales, Layout layout, int limit) {

  /**
   * Where the output channel stands: element {@code i} is of channel {@code i / inner % channels}.
   */
  public record Layout(int channels, int inner) {

    /** Of a row-major tensor, whose channels are its dimension {@code axis}. */
    public static Layout of(long[] shape, int axis) {
      long inner = 1;
      for (int i = axis + 1; i < shape.length; i++) {
        inner *= shape[i];
      }
      return new Layout(Math.toIntExact(shape[axis]), Math.toIntExact(inner));
    }

    int channel(int element) {
      return element / inner % channels;
    }
  }

  /**
   * @param limit the greatest integer: 127, or less where an engine's sums would overflow
   */
  public static ChannelScales of(float[] weights, Layout layout, int limit) {
    float[] scales = new float[layout.channels()];
    for (int i = 0; i < weights.length; i++) {
      int channel = layout.channel(i);
      scales[channel] = Math.max(scales[channel], Math.abs(weights[i]));
    }
    for (int channel = 0; channel < scales.length; channel++) {
      float scale = scales[channel] / limit;
      scales[channel] = scale < Float.MIN_NORMAL ? 1 : scale;
    }
    return new ChannelScales(scales, layout, limit);
  }

  /** The weights as integers. */
  public byte[] quantize(float[] weights) {
    byte[] integers = new byte[weights.length];
    for (int i = 0; i < weights.length; i++) {
      double integer = Math.rint((double) weights[i] / scales[layout.channel(i)]);
      integers[i] = (byte) Math.max(-limit, Math.min(limit, integer));
    }
    return integers;
  }

  /** The weights that the integers stand for. */
  public float[] roundTrip(float[] weights) {
    byte[] integers = quantize(weights);
    float[] rounded = new float[weights.length];
    for (int i = 0; i < weights.length; i++) {
      rounded[i] = integers[i] * scales[layout.channel(i)];
    }
    return rounded;
  }
}
