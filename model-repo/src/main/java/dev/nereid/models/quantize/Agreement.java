package dev.nereid.models.quantize;

import dev.nereid.backend.BackendException;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * How far two networks' answers are apart on the same pictures.
 *
 * @param pictures compared
 * @param largestDifference of any number of the output
 * @param largestValue of the first network's output, which the difference may be held against
 * @param sameTop pictures whose greatest number is at the same place
 */
public record Agreement(int pictures, double largestDifference, double largestValue, int sameTop) {

  static Agreement of(EngineRun first, EngineRun second, String output, List<byte[]> pictures)
      throws BackendException {
    double difference = 0;
    double largest = 0;
    int same = 0;
    for (byte[] picture : pictures) {
      first.run(picture);
      second.run(picture);
      FloatBuffer expected = first.output(output);
      FloatBuffer found = second.output(output);
      int expectedTop = 0;
      int foundTop = 0;
      for (int i = 0; i < expected.limit(); i++) {
        difference = Math.max(difference, Math.abs((double) expected.get(i) - found.get(i)));
        largest = Math.max(largest, Math.abs(expected.get(i)));
        expectedTop = expected.get(i) > expected.get(expectedTop) ? i : expectedTop;
        foundTop = found.get(i) > found.get(foundTop) ? i : foundTop;
      }
      same += expectedTop == foundTop ? 1 : 0;
    }
    return new Agreement(pictures.size(), difference, largest, same);
  }

  /** Share of the pictures whose greatest number is at the same place. */
  public double topAgreement() {
    return (double) sameTop / pictures;
  }
}
