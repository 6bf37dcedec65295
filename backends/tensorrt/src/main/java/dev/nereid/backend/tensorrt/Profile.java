package dev.nereid.backend.tensorrt;

import java.util.List;

/**
 * One of an engine's optimisation profiles: the shapes that it takes together.
 *
 * @param inputs in the order of the engine's inputs
 */
record Profile(List<ShapeRange> inputs) {

  Profile {
    inputs = List.copyOf(inputs);
  }

  /** Whether it takes these shapes, in the same order. */
  boolean admits(List<long[]> shapes) {
    for (int i = 0; i < inputs.size(); i++) {
      if (!inputs.get(i).admits(shapes.get(i))) {
        return false;
      }
    }
    return true;
  }

  /**
   * The one of several that is fastest at these shapes, by the rule of Triton: whose optimum lies
   * nearest; the first of equals.
   *
   * @return its index, or -1 if none takes them
   */
  static int nearest(List<Profile> profiles, List<long[]> shapes) {
    int best = -1;
    long bestDistance = Long.MAX_VALUE;
    for (int i = 0; i < profiles.size(); i++) {
      Profile profile = profiles.get(i);
      if (profile.admits(shapes)) {
        long distance = 0;
        for (int k = 0; k < shapes.size(); k++) {
          distance += profile.inputs.get(k).distance(shapes.get(k));
        }
        if (distance < bestDistance) {
          best = i;
          bestDistance = distance;
        }
      }
    }
    return best;
  }
}
