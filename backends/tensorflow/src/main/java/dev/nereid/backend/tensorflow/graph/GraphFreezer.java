package dev.nereid.backend.tensorflow.graph;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.FunctionDefLibrary;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/**
 * Makes of a SavedModel's graph one that gives the same outputs and has neither variables nor calls
 * of functions, so that nothing but its inputs decides what it gives:
 *
 * <ol>
 *   <li>what the outputs do not need is cut away: what saves, restores, initialises and trains;
 *   <li>functions are put in the place of their calls;
 *   <li>a variable becomes a constant of its value, and what reads it passes that on;
 *   <li>orders between operators that only guarded variables are dropped, and what is left over by
 *       that too.
 * </ol>
 *
 * <p>What keeps state or changes it is refused by its name, rather than frozen into something that
 * gives other answers.
 */
public final class GraphFreezer {

  private static final long MOST_BYTES = Integer.MAX_VALUE;

  private GraphFreezer() {}

  /**
   * A frozen graph.
   *
   * @param outputs the tensors asked for, in that order, under the names that they have now
   * @param variables that became constants
   * @param stateless whether no operator of it keeps anything from one run to the next, not even a
   *     random generator's state: such a graph never holds on to an input
   */
  public record Frozen(GraphDef graph, List<String> outputs, int variables, boolean stateless) {
    public Frozen {
      outputs = List.copyOf(outputs);
    }
  }

  /**
   * @param inputs tensors that are fed: nodes before them are not needed
   * @param outputs tensors as a signature names them, as {@code StatefulPartitionedCall:0}
   * @throws NotFreezable if the outputs depend on what is not a constant; or if the frozen graph
   *     would be larger than the 2 GiB that a protobuf message can have
   */
  public static Frozen freeze(
      GraphDef graph, List<String> inputs, List<String> outputs, VariableValues values, OpDefs ops)
      throws NotFreezable {
    List<TensorName> wanted = outputs.stream().map(TensorName::parse).toList();
    Set<String> fed = new LinkedHashSet<>();
    inputs.forEach(input -> fed.add(TensorName.parse(input).node()));
    Set<String> roots = new LinkedHashSet<>(fed);
    wanted.forEach(tensor -> roots.add(tensor.node()));
    FunctionInliner.Inlined inlined =
        FunctionInliner.inline(
            Reachable.nodes(graph.getNodeList(), roots), graph.getLibrary(), ops);
    List<String> renamed = new ArrayList<>();
    Set<String> ends = new LinkedHashSet<>(fed);
    for (TensorName tensor : wanted) {
      TensorName now = inlined.resolve(tensor);
      renamed.add(now.node() + ":" + now.index());
      ends.add(now.node());
    }
    refuseEffects(inlined, ops);
    Collection<NodeDef> needed = Reachable.nodes(inlined.nodes(), ends);
    VariableReplacement replaced = VariableReplacement.of(needed, values, ops);
    Collection<NodeDef> kept =
        Reachable.nodes(ControlEdges.simplified(replaced.nodes(), ops), ends);
    GraphDef frozen =
        GraphDef.newBuilder()
            .setVersions(graph.getVersions())
            .addAllNode(kept)
            .setLibrary(stillCalled(kept, graph.getLibrary()))
            .build();
    refuseSize(frozen);
    return new Frozen(frozen, renamed, replaced.variables(), isStateless(frozen, ops));
  }

  /** Functions that change variables do so by operators that no output needs. */
  private static void refuseEffects(FunctionInliner.Inlined inlined, OpDefs ops)
      throws NotFreezable {
    for (NodeDef node : Reachable.nodes(inlined.nodes(), inlined.effects())) {
      VariableReplacement.refuseState(node, ops);
    }
  }

  private static FunctionDefLibrary stillCalled(
      Collection<NodeDef> nodes, FunctionDefLibrary library) {
    Map<String, FunctionDef> all = new LinkedHashMap<>();
    library.getFunctionList().forEach(x -> all.put(x.getSignature().getName(), x));
    Map<String, FunctionDef> kept = new LinkedHashMap<>();
    List<NodeDef> look = new ArrayList<>(nodes);
    while (!look.isEmpty()) {
      NodeDef node = look.remove(look.size() - 1);
      Set<String> names = Attributes.functions(node);
      names.add(node.getOp());
      for (String name : names) {
        FunctionDef function = all.get(name);
        if (function != null && kept.put(name, function) == null) {
          look.addAll(function.getNodeDefList());
        }
      }
    }
    return FunctionDefLibrary.newBuilder().addAllFunction(kept.values()).build();
  }

  /** Sums up by hand: protobuf's own size is an int that overflows. */
  private static void refuseSize(GraphDef graph) throws NotFreezable {
    long bytes = graph.getLibrary().getSerializedSize();
    for (NodeDef node : graph.getNodeList()) {
      bytes += node.getSerializedSize() + 16L;
    }
    if (bytes > MOST_BYTES) {
      throw new NotFreezable(
          "frozen graph: "
              + bytes
              + " bytes (expected: at most "
              + MOST_BYTES
              + ", as much as a protobuf message can have)");
    }
  }

  /**
   * Refuses a frozen graph that gives the same inputs other answers each time, as one with a random
   * generator's operators. What has an effect and gives nothing, such as an {@code Assert}, stays.
   */
  public static void refuseChance(GraphDef graph, OpDefs ops) throws NotFreezable {
    for (NodeDef node : all(graph)) {
      if (ops.isStateful(node.getOp()) && ops.require(node).getOutputArgCount() > 0) {
        throw NotFreezable.of(
            node.getOp(), node.getName(), "may give something else each time it runs");
      }
    }
  }

  private static boolean isStateless(GraphDef graph, OpDefs ops) {
    return all(graph).stream().noneMatch(node -> ops.isStateful(node.getOp()));
  }

  /** Of the main graph and of functions. */
  private static List<NodeDef> all(GraphDef graph) {
    List<NodeDef> all = new ArrayList<>(graph.getNodeList());
    graph.getLibrary().getFunctionList().forEach(x -> all.addAll(x.getNodeDefList()));
    return all;
  }
}
