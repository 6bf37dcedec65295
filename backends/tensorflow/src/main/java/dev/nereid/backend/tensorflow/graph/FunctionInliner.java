package dev.nereid.backend.tensorflow.graph;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.FunctionDefLibrary;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;

/**
 * Puts the bodies of functions in the place of their calls, calls within bodies too. What a call
 * {@code f} has in its body as {@code x} is called {@code f/x} from then on.
 *
 * <p>Only plain calls: what runs its function any number of times, as {@code While} and {@code If},
 * stays as it is.
 */
public final class FunctionInliner {

  private static final int DEEPEST = 256;

  private final Map<String, FunctionDef> functions = new HashMap<>();
  private final OpDefs ops;

  private final Map<String, NodeDef> nodes = new LinkedHashMap<>();
  private final Map<TensorName, TensorName> results = new HashMap<>();
  private final Map<String, Set<String>> ends = new HashMap<>();
  private final Set<String> effects = new LinkedHashSet<>();

  /**
   * A graph without calls.
   *
   * @param nodes in an order in which no name occurs twice
   * @param results by an output of a call that is gone, the tensor that has its place
   * @param effects nodes that functions run for what they do rather than for what they give
   */
  record Inlined(
      Collection<NodeDef> nodes, Map<TensorName, TensorName> results, Set<String> effects) {

    /** Where to find what was called so before. */
    TensorName resolve(TensorName tensor) {
      TensorName found = tensor;
      for (TensorName next = results.get(found); next != null; next = results.get(found)) {
        found = next;
      }
      return found;
    }
  }

  private FunctionInliner(FunctionDefLibrary library, OpDefs ops) {
    library.getFunctionList().forEach(x -> functions.put(x.getSignature().getName(), x));
    this.ops = ops;
  }

  static Inlined inline(Collection<NodeDef> graph, FunctionDefLibrary library, OpDefs ops)
      throws NotFreezable {
    FunctionInliner inliner = new FunctionInliner(library, ops);
    for (NodeDef node : graph) {
      inliner.take(node, 0);
    }
    return inliner.linked();
  }

  private void take(NodeDef node, int depth) throws NotFreezable {
    FunctionDef function = called(node);
    if (function != null) {
      expand(node, function, depth);
    } else if (nodes.put(node.getName(), node) != null) {
      throw NotFreezable.of(node.getOp(), node.getName(), "has the name of another");
    }
  }

  private @Nullable FunctionDef called(NodeDef node) throws NotFreezable {
    boolean partitioned =
        node.getOp().equals("PartitionedCall") || node.getOp().equals("StatefulPartitionedCall");
    String name = partitioned ? node.getAttrOrThrow("f").getFunc().getName() : node.getOp();
    FunctionDef function = functions.get(name);
    if (partitioned && function == null) {
      throw NotFreezable.of(node.getOp(), node.getName(), "calls '" + name + "', which is missing");
    }
    return function;
  }

  private void expand(NodeDef call, FunctionDef function, int depth) throws NotFreezable {
    if (depth == DEEPEST) {
      throw NotFreezable.of(call.getOp(), call.getName(), "calls itself");
    }
    Map<String, AttrValue> given =
        call.getOp().equals(function.getSignature().getName())
            ? call.getAttrMap()
            : call.getAttrOrThrow("f").getFunc().getAttrMap();
    Body body = new Body(call, function);
    for (NodeDef inner : function.getNodeDefList()) {
      take(body.outer(Attributes.instantiated(inner, given)), depth + 1);
    }
    int index = 0;
    Set<String> last = new LinkedHashSet<>();
    for (OpDef.ArgDef output : function.getSignature().getOutputArgList()) {
      TensorName result = body.tensor(function.getRetOrThrow(output.getName()));
      results.put(new TensorName(call.getName(), index++), result);
      last.add(result.node());
    }
    for (String effect : function.getControlRetMap().values()) {
      effects.add(body.name(effect));
      last.add(body.name(effect));
    }
    ends.put(call.getName(), last);
  }

  /** Every input under the name that it has now. */
  private Inlined linked() {
    Inlined inlined = new Inlined(List.of(), results, Set.of());
    List<NodeDef> linked = new ArrayList<>();
    for (NodeDef node : nodes.values()) {
      NodeDef.Builder result = node.toBuilder().clearInput();
      Set<String> controls = new LinkedHashSet<>();
      for (String input : node.getInputList()) {
        TensorName name = TensorName.parse(input);
        if (name.isControl()) {
          end(name.node(), controls);
        } else {
          result.addInput(inlined.resolve(name).toString());
        }
      }
      controls.forEach(control -> result.addInput("^" + control));
      linked.add(result.build());
    }
    Set<String> effectNodes = new LinkedHashSet<>();
    effects.forEach(effect -> end(effect, effectNodes));
    return new Inlined(linked, results, effectNodes);
  }

  /** The nodes that have run when {@code node} has, which may have been a call. */
  private void end(String node, Set<String> found) {
    Set<String> last = ends.get(node);
    if (last == null) {
      found.add(node);
    } else {
      last.forEach(inner -> end(inner, found));
    }
  }

  /** Names within a function's body, and what they are outside. */
  private final class Body {
    private final NodeDef call;
    private final Map<String, List<TensorName>> arguments = new HashMap<>();
    private final List<String> before = new ArrayList<>();
    private final Map<String, NodeDef> inner = new HashMap<>();

    Body(NodeDef call, FunctionDef function) {
      this.call = call;
      List<TensorName> inputs = new ArrayList<>();
      for (String input : call.getInputList()) {
        if (input.startsWith("^")) {
          before.add(input);
        } else {
          inputs.add(TensorName.parse(input));
        }
      }
      int next = 0;
      for (OpDef.ArgDef argument : function.getSignature().getInputArgList()) {
        int count = OpDefs.count(function.getSignature(), argument, call);
        int end = Math.min(inputs.size(), next + count);
        arguments.put(argument.getName(), List.copyOf(inputs.subList(next, end)));
        next = end;
      }
      function.getNodeDefList().forEach(node -> inner.put(node.getName(), node));
    }

    String name(String innerName) {
      return call.getName() + "/" + innerName;
    }

    NodeDef outer(NodeDef.Builder node) throws NotFreezable {
      List<String> inputs = List.copyOf(node.getInputList());
      node.setName(name(node.getName())).clearInput();
      if (node.getDevice().isEmpty()) {
        node.setDevice(call.getDevice());
      }
      for (String input : inputs) {
        if (!input.startsWith("^")) {
          node.addInput(tensor(input).toString());
        }
      }
      for (String input : inputs) {
        if (input.startsWith("^")) {
          List<TensorName> argument = arguments.get(input.substring(1));
          if (argument == null) {
            node.addInput("^" + name(input.substring(1)));
          } else {
            argument.forEach(tensor -> node.addInput("^" + tensor.node()));
          }
        }
      }
      // What had to run before the call has to run before all of it.
      before.forEach(node::addInput);
      return node.build();
    }

    /**
     * @param text {@code argument}, {@code argument:0}, {@code node:output} or {@code
     *     node:output:0}
     */
    TensorName tensor(String text) throws NotFreezable {
      String[] parts = text.split(":", -1);
      List<TensorName> argument = arguments.get(parts[0]);
      if (argument != null) {
        int index = parts.length > 1 ? index(parts[parts.length - 1], text) : 0;
        if (index >= argument.size()) {
          throw NotFreezable.of(call.getOp(), call.getName(), "has no input for '" + text + "'");
        }
        return argument.get(index);
      }
      NodeDef node = inner.get(parts[0]);
      if (node == null || parts.length < 2) {
        throw NotFreezable.of(call.getOp(), call.getName(), "has no tensor '" + text + "'");
      }
      int within = parts.length > 2 ? index(parts[2], text) : 0;
      return new TensorName(name(parts[0]), first(node, parts[1]) + within);
    }

    private int first(NodeDef node, String output) throws NotFreezable {
      FunctionDef function = functions.get(node.getOp());
      OpDef definition = function != null ? function.getSignature() : ops.require(node);
      Integer first = OpDefs.firstOutputs(definition, node).get(output);
      if (first == null) {
        throw NotFreezable.of(node.getOp(), name(node.getName()), "has no output '" + output + "'");
      }
      return first;
    }

    private int index(String text, String whole) throws NotFreezable {
      try {
        return Integer.parseInt(text);
      } catch (NumberFormatException e) {
        throw NotFreezable.of(call.getOp(), call.getName(), "has no tensor '" + whole + "'");
      }
    }
  }
}
