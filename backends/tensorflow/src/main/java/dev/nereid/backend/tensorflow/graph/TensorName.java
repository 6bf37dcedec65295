package dev.nereid.backend.tensorflow.graph;

/**
 * What an input of a node in a GraphDef names: a tensor, as {@code node} or {@code node:1}, or with
 * {@code ^} before it a node that has to run first.
 *
 * @param index among the node's outputs; -1 for a control input
 */
record TensorName(String node, int index) {

  private static final int CONTROL = -1;

  static TensorName parse(String text) {
    if (text.startsWith("^")) {
      return control(text.substring(1));
    }
    int colon = text.lastIndexOf(':');
    if (colon < 0) {
      return new TensorName(text, 0);
    }
    try {
      return new TensorName(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("tensor: " + text + " (expected: node:index)", e);
    }
  }

  static TensorName control(String node) {
    return new TensorName(node, CONTROL);
  }

  boolean isControl() {
    return index == CONTROL;
  }

  @Override
  public String toString() {
    return isControl() ? "^" + node : index == 0 ? node : node + ":" + index;
  }
}
