package dev.nereid.tensor;

/** Arithmetic on shapes. A dimension of -1 is not known until a request comes. */
public final class Shapes {

  /** A dimension that a request decides. */
  public static final long VARIABLE = -1;

  private Shapes() {}

  /**
   * Elements of a tensor of that shape; 1 for a scalar.
   *
   * @throws IllegalArgumentException if a dimension is negative or the count exceeds a long
   */
  public static long elementCount(long... shape) {
    boolean empty = false;
    for (long dimension : shape) {
      if (dimension < 0) {
        throw new IllegalArgumentException("dimension: " + dimension + " (expected: >= 0)");
      }
      empty |= dimension == 0;
    }
    if (empty) {
      return 0;
    }
    long count = 1;
    for (long dimension : shape) {
      long high = Math.multiplyHigh(count, dimension);
      count *= dimension;
      if (high != 0 || count < 0) {
        throw new IllegalArgumentException(
            "shape: " + text(shape) + " (expected: at most 2^63-1 elements)");
      }
    }
    return count;
  }

  /** Whether {@code actual} fits {@code pattern}: the same rank, and equal wherever not -1. */
  public static boolean matches(long[] pattern, long[] actual) {
    if (pattern.length != actual.length) {
      return false;
    }
    for (int i = 0; i < pattern.length; i++) {
      if (pattern[i] != VARIABLE && pattern[i] != actual[i]) {
        return false;
      }
    }
    return true;
  }

  /** Whether any dimension is left to the request. */
  public static boolean isVariable(long... shape) {
    for (long dimension : shape) {
      if (dimension == VARIABLE) {
        return true;
      }
    }
    return false;
  }

  /** {@code shape} behind one more leading dimension. */
  public static long[] prepend(long dimension, long... shape) {
    long[] result = new long[shape.length + 1];
    result[0] = dimension;
    System.arraycopy(shape, 0, result, 1, shape.length);
    return result;
  }

  /** As Triton prints shapes: {@code [1,16]}, without spaces. */
  public static String text(long... shape) {
    StringBuilder text = new StringBuilder("[");
    for (int i = 0; i < shape.length; i++) {
      if (i > 0) {
        text.append(',');
      }
      text.append(shape[i]);
    }
    return text.append(']').toString();
  }
}
