package dev.nereid.models.quantize;

import java.nio.FloatBuffer;

/** The least and the greatest value. */
final class MinMaxObserver implements RangeObserver {

  private float low;
  private float high;

  @Override
  public int passes() {
    return 1;
  }

  @Override
  public void see(int pass, FloatBuffer values) {
    float least = low;
    float greatest = high;
    while (values.hasRemaining()) {
      float value = values.get();
      // Not a number stays one, and is refused as a range.
      least = Math.min(least, value);
      greatest = Math.max(greatest, value);
    }
    low = least;
    high = greatest;
  }

  @Override
  public Range range() {
    return new Range(low, high);
  }
}
