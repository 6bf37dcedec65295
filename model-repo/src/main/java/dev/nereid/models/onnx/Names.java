package dev.nereid.models.onnx;

import dev.nereid.models.onnx.proto.GraphProto;
import dev.nereid.models.onnx.proto.NodeProto;
import java.util.HashSet;
import java.util.Set;

/** Names that values of a graph have, and names for more. */
final class Names {

  private final Set<String> taken = new HashSet<>();

  private Names() {}

  static Names of(GraphProto graph) {
    Names names = new Names();
    graph.getInputList().forEach(value -> names.taken.add(value.getName()));
    graph.getInitializerList().forEach(tensor -> names.taken.add(tensor.getName()));
    for (NodeProto node : graph.getNodeList()) {
      names.taken.addAll(node.getOutputList());
    }
    return names;
  }

  /** That name, or one like it, which nothing has; it is taken from now on. */
  String free(String wanted) {
    String name = wanted;
    for (int i = 1; !taken.add(name); i++) {
      name = wanted + "_" + i;
    }
    return name;
  }
}
