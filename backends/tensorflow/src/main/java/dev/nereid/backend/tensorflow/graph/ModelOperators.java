package dev.nereid.backend.tensorflow.graph;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/**
 * The operators of a frozen graph that have something to compute in each run. None are constants,
 * inputs, {@code NoOp}, {@code Identity} and its like; nor what depends on no input, which
 * TensorFlow computes once and makes a constant of.
 *
 * @param byName each with its operator
 * @param callers those of them that run functions, as {@code If} and {@code While}: TF-TRT takes
 *     operators out of the main graph alone, and TensorFlow puts others in the place of these
 */
public record ModelOperators(Map<String, String> byName, Set<String> callers) {

  private static final Set<String> NO_OPERATORS =
      Set.of(
          "Const",
          "NoOp",
          "Identity",
          "IdentityN",
          "Snapshot",
          "StopGradient",
          "Placeholder",
          "PlaceholderWithDefault",
          "_Arg",
          "_Retval",
          "_DeviceRetval",
          "_Send",
          "_Recv",
          "_HostSend",
          "_HostRecv");

  public ModelOperators {
    byName = Map.copyOf(byName);
    callers = Set.copyOf(callers);
  }

  /** Whether an operator computes anything; also for those that TensorFlow adds. */
  public static boolean computes(String op) {
    return !NO_OPERATORS.contains(op);
  }

  /**
   * @param inputs tensors that are fed, as {@code node:0}
   */
  public static ModelOperators of(GraphDef graph, Collection<String> inputs, OpDefs ops) {
    Set<String> fed = new HashSet<>();
    inputs.forEach(input -> fed.add(TensorName.parse(input).node()));
    Set<String> varying = varying(graph.getNodeList(), fed, ops);
    Map<String, String> byName = new TreeMap<>();
    Set<String> callers = new HashSet<>();
    for (NodeDef node : graph.getNodeList()) {
      String name = node.getName();
      if (computes(node.getOp()) && varying.contains(name) && !fed.contains(name)) {
        byName.put(name, node.getOp());
        if (!Attributes.functions(node).isEmpty()) {
          callers.add(name);
        }
      }
    }
    return new ModelOperators(byName, callers);
  }

  /** What is fed, what is not the same in each run by itself, and what depends on either. */
  private static Set<String> varying(List<NodeDef> nodes, Set<String> fed, OpDefs ops) {
    Map<String, Set<String>> readers = new HashMap<>();
    Deque<String> look = new ArrayDeque<>(fed);
    for (NodeDef node : nodes) {
      if (ops.isStateful(node.getOp()) || node.getOp().startsWith("Placeholder")) {
        look.add(node.getName());
      }
      for (String input : node.getInputList()) {
        TensorName tensor = TensorName.parse(input);
        if (!tensor.isControl()) {
          readers.computeIfAbsent(tensor.node(), ignored -> new HashSet<>()).add(node.getName());
        }
      }
    }
    Set<String> varying = new HashSet<>();
    while (!look.isEmpty()) {
      String name = look.remove();
      if (varying.add(name)) {
        look.addAll(readers.getOrDefault(name, Set.of()));
      }
    }
    return varying;
  }
}
