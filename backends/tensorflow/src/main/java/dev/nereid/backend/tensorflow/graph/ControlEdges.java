package dev.nereid.backend.tensorflow.graph;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.proto.NodeDef;

/**
 * Orders between operators, without those that order nothing: after a constant or an input, which
 * are always there, and after a {@code NoOp}, which stands for what is before it.
 *
 * <p>In a graph without state and without old-style conditions and loops no order says anything,
 * and there is none left. Elsewhere a constant that comes after something itself is one that a
 * branch of a condition may not reach; to come after it says something.
 */
final class ControlEdges {

  private static final Set<String> ALWAYS_THERE =
      Set.of("Const", "Placeholder", "PlaceholderWithDefault");

  private static final Set<String> CONTROL_FLOW =
      Set.of("Switch", "RefSwitch", "Merge", "RefMerge", "Enter", "RefEnter", "Exit", "RefExit");

  private final Map<String, NodeDef> byName = new HashMap<>();

  private ControlEdges(Collection<NodeDef> nodes) {
    nodes.forEach(node -> byName.put(node.getName(), node));
  }

  static List<NodeDef> simplified(Collection<NodeDef> nodes, OpDefs ops) {
    boolean free =
        nodes.stream()
            .noneMatch(x -> ops.isStateful(x.getOp()) || CONTROL_FLOW.contains(x.getOp()));
    ControlEdges edges = new ControlEdges(nodes);
    List<NodeDef> result = new ArrayList<>();
    for (NodeDef node : nodes) {
      NodeDef.Builder simple = node.toBuilder().clearInput();
      Set<String> before = new LinkedHashSet<>();
      for (String input : node.getInputList()) {
        TensorName name = TensorName.parse(input);
        if (!name.isControl()) {
          simple.addInput(input);
        } else if (!free) {
          edges.add(name.node(), before, new HashSet<>());
        }
      }
      before.forEach(control -> simple.addInput("^" + control));
      result.add(simple.build());
    }
    return result;
  }

  private void add(String name, Set<String> before, Set<String> seen) {
    NodeDef node = byName.get(name);
    if (node == null || !seen.add(name)) {
      return;
    }
    if (node.getOp().equals("NoOp")) {
      node.getInputList().forEach(x -> add(TensorName.parse(x).node(), before, seen));
    } else if (!isAlwaysThere(node, new HashSet<>())) {
      before.add(name);
    }
  }

  private boolean isAlwaysThere(NodeDef node, Set<String> seen) {
    if (ALWAYS_THERE.contains(node.getOp())) {
      return node.getInputCount() == 0;
    }
    // What passes a constant on, as a read of a variable does by now.
    if (!node.getOp().equals("Identity") || !seen.add(node.getName())) {
      return false;
    }
    return node.getInputList().stream()
        .map(input -> byName.get(TensorName.parse(input).node()))
        .allMatch(before -> before != null && isAlwaysThere(before, seen));
  }
}
