package dev.nereid.models.tensorflow;

/** Names of tensors as a graph's nodes write their inputs: {@code node}, {@code node:1}. */
final class TensorNames {

  private TensorNames() {}

  /** Whether it only says that a node runs later. */
  static boolean isControl(String input) {
    return input.startsWith("^");
  }

  /** The shortest name of the same tensor. */
  static String canonical(String tensor) {
    return tensor.endsWith(":0") ? tensor.substring(0, tensor.length() - 2) : tensor;
  }

  /** The node that makes it. */
  static String node(String tensor) {
    String name = isControl(tensor) ? tensor.substring(1) : tensor;
    int colon = name.lastIndexOf(':');
    return colon < 0 ? name : name.substring(0, colon);
  }
}
