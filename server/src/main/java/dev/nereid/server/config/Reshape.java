package dev.nereid.server.config;

import dev.nereid.tensor.Shapes;
import java.util.Arrays;

/**
 * One shape seen as another with the same elements in the same order, as a config's {@code reshape}
 * says. The k-th dimension that varies in one is the k-th that varies in the other; the batch
 * dimension is the first of both. Immutable.
 */
public final class Reshape {

  private final long[] from;
  private final long[] to;

  /**
   * @param from full shapes, -1 where a dimension varies
   * @param to with as many dimensions that vary
   */
  public Reshape(long[] from, long[] to) {
    if (variables(from) != variables(to)) {
      throw new IllegalArgumentException(
          "to: %s (expected: as many -1 as in %s)".formatted(Shapes.text(to), Shapes.text(from)));
    }
    this.from = from.clone();
    this.to = to.clone();
  }

  private static long variables(long[] shape) {
    return Arrays.stream(shape).filter(d -> d == Shapes.VARIABLE).count();
  }

  /**
   * @param shape of one tensor
   * @return the shape that it is seen as
   * @throws IllegalArgumentException if it is not of the shape that this one is for
   */
  public long[] apply(long[] shape) {
    if (!Shapes.matches(from, shape)) {
      throw new IllegalArgumentException(
          "shape: %s (expected: %s)".formatted(Shapes.text(shape), Shapes.text(from)));
    }
    long[] result = to.clone();
    int source = 0;
    for (int i = 0; i < result.length; i++) {
      if (to[i] == Shapes.VARIABLE) {
        while (from[source] != Shapes.VARIABLE) {
          source++;
        }
        result[i] = shape[source++];
      }
    }
    return result;
  }

  @Override
  public String toString() {
    return Shapes.text(from) + " as " + Shapes.text(to);
  }
}
