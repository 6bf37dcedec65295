package dev.nereid.backend.tensorflow.graph;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.proto.NodeDef;

/** What some nodes of a graph need, directly or by way of others. */
final class Reachable {

  private Reachable() {}

  /**
   * The nodes that {@code roots} need, themselves included, in the order of the graph.
   *
   * @throws NotFreezable if a node needs one that the graph lacks
   */
  static List<NodeDef> nodes(Collection<NodeDef> graph, Set<String> roots) throws NotFreezable {
    Map<String, NodeDef> byName = new HashMap<>();
    graph.forEach(node -> byName.put(node.getName(), node));
    Set<String> needed = new HashSet<>(roots);
    Deque<String> look = new ArrayDeque<>(roots);
    while (!look.isEmpty()) {
      String name = look.remove();
      NodeDef node = byName.get(name);
      if (node == null) {
        throw new NotFreezable("node '" + name + "' is missing in the graph");
      }
      for (String input : node.getInputList()) {
        String before = TensorName.parse(input).node();
        if (needed.add(before)) {
          look.add(before);
        }
      }
    }
    return graph.stream().filter(node -> needed.contains(node.getName())).toList();
  }
}
