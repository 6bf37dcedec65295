package dev.nereid.models.onnx;

import dev.nereid.models.quantize.Range;

/**
 * The 256 numbers that an activation is rounded to: {@code scale * (integer - zero)}.
 *
 * @param signed integers from -128 to 127, or from 0 to 255
 */
record ActivationGrid(float scale, int zero, boolean signed) {

  /** Symmetric around 0 where integers are signed, as TensorRT wants it. */
  static ActivationGrid of(Range range, boolean signed) {
    float scale = signed ? range.magnitude() / 127 : (range.high() - range.low()) / 255;
    if (scale < Float.MIN_NORMAL) {
      return new ActivationGrid(1, 0, signed);
    }
    int zero = signed ? 0 : (int) Math.rint(-(double) range.low() / scale);
    return new ActivationGrid(scale, zero, signed);
  }
}
