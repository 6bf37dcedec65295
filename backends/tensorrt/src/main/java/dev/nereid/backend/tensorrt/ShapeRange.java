package dev.nereid.backend.tensorrt;

import dev.nereid.tensor.Shapes;
import java.util.Arrays;

/** Full shapes of one input that an engine takes, and the one it is fastest at. */
record ShapeRange(long[] min, long[] opt, long[] max) {

  ShapeRange {
    min = min.clone();
    opt = opt.clone();
    max = max.clone();
  }

  static ShapeRange fixed(long... shape) {
    return new ShapeRange(shape, shape, shape);
  }

  boolean admits(long[] shape) {
    if (shape.length != max.length) {
      return false;
    }
    for (int i = 0; i < shape.length; i++) {
      if (shape[i] < min[i] || shape[i] > max[i]) {
        return false;
      }
    }
    return true;
  }

  /** How far a shape is from the one it is fastest at; dimensions' differences added up. */
  long distance(long[] shape) {
    long sum = 0;
    for (int i = 0; i < shape.length; i++) {
      sum += Math.abs(shape[i] - opt[i]);
    }
    return sum;
  }

  long maxElements() {
    return Shapes.elementCount(max);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ShapeRange that
        && Arrays.equals(min, that.min)
        && Arrays.equals(opt, that.opt)
        && Arrays.equals(max, that.max);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(max);
  }

  @Override
  public String toString() {
    return Shapes.text(min) + ".." + Shapes.text(max) + ", fastest at " + Shapes.text(opt);
  }
}
