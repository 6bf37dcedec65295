package dev.nereid.models.tensorflow;

import dev.nereid.models.quantize.Layer;
import dev.nereid.models.quantize.Layer.Kind;
import dev.nereid.models.quantize.Layers;
import dev.nereid.models.quantize.UnsupportedNetworkException;
import dev.nereid.models.tensorflow.proto.AttrValue;
import dev.nereid.models.tensorflow.proto.DataType;
import dev.nereid.models.tensorflow.proto.NodeDef;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The nodes of a graph of constants, in an order in which every tensor is made before it is read.
 */
final class TensorFlowGraph {

  private static final Set<String> CONVOLUTIONS = Set.of("Conv2D", "DepthwiseConv2dNative");
  private static final Set<String> BATCH_NORMS =
      Set.of("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3");
  private static final Set<String> SUMS = Set.of("Add", "AddV2");
  private static final Set<String> SCALES = Set.of("Add", "AddV2", "Mul", "Sub");
  private static final Set<String> ACTIVATIONS = Set.of("Relu", "Relu6");
  private static final Set<String> MIXERS = Set.of("AvgPool", "Mean", "ConcatV2");
  private static final Set<String> SAME_VALUES =
      Set.of("MaxPool", "Pad", "Reshape", "Squeeze", "ExpandDims", "Transpose", "Identity");

  /** Operators that hide weights or layers from whoever reads the graph. */
  private static final Set<String> HIDING =
      Set.of(
          "VariableV2",
          "VarHandleOp",
          "ReadVariableOp",
          "PartitionedCall",
          "StatefulPartitionedCall",
          "If",
          "StatelessIf",
          "Case",
          "While",
          "StatelessWhile",
          "Switch",
          "Merge",
          "Enter",
          "Exit",
          "NextIteration",
          "LoopCond");

  static boolean hides(NodeDef node) {
    return HIDING.contains(node.getOp());
  }

  private final Map<String, NodeDef> nodes = new LinkedHashMap<>();
  private final Set<String> varying = new LinkedHashSet<>();

  /**
   * @throws UnsupportedNetworkException with the first node that is in the way of quantising
   */
  TensorFlowGraph(List<NodeDef> unsorted) throws UnsupportedNetworkException {
    Map<String, NodeDef> byName = new LinkedHashMap<>();
    for (NodeDef node : unsorted) {
      if (hides(node)) {
        throw new UnsupportedNetworkException(
            "op '%s' (node '%s'): hides what is to be quantised (expected: a frozen graph, its weights constants and its functions inlined)"
                .formatted(node.getOp(), node.getName()));
      }
      if (node.getOp().startsWith("FakeQuant") || node.getOp().startsWith("QuantizeAnd")) {
        throw new UnsupportedNetworkException(
            "op '%s' (node '%s'): the graph has ranges already (expected: a graph in floating point)"
                .formatted(node.getOp(), node.getName()));
      }
      byName.put(node.getName(), node);
    }
    sort(byName);
    nodes
        .values()
        .forEach(
            node -> {
              if (node.getOp().startsWith("Placeholder")
                  || dataInputs(node).stream().anyMatch(varying::contains)) {
                varying.add(node.getName());
              }
            });
  }

  /** Depth first without recursion, since a network may be deeper than the stack. */
  private void sort(Map<String, NodeDef> byName) throws UnsupportedNetworkException {
    Set<String> open = new LinkedHashSet<>();
    for (String start : byName.keySet()) {
      List<String> path = new ArrayList<>(List.of(start));
      while (!path.isEmpty()) {
        String name = path.get(path.size() - 1);
        NodeDef node = byName.get(name);
        if (node == null) {
          throw new UnsupportedNetworkException(
              "node '" + name + "': is read and not there (expected: a whole graph)");
        }
        Optional<String> next =
            node.getInputList().stream()
                .map(TensorNames::node)
                .filter(input -> !nodes.containsKey(input))
                .findFirst();
        if (nodes.containsKey(name) || next.isEmpty()) {
          nodes.putIfAbsent(name, node);
          open.remove(name);
          path.remove(path.size() - 1);
        } else if (!open.add(name) && open.contains(next.get())) {
          throw new UnsupportedNetworkException(
              "node '" + name + "': reads what comes of it (expected: a graph without loops)");
        } else {
          path.add(next.get());
        }
      }
    }
  }

  Iterable<NodeDef> nodes() {
    return nodes.values();
  }

  NodeDef node(String name) {
    NodeDef node = nodes.get(name);
    if (node == null) {
      throw new IllegalArgumentException("node: " + name + " (expected: a node of the graph)");
    }
    return node;
  }

  boolean has(String name) {
    return nodes.containsKey(name);
  }

  /** The constant that a tensor is, directly or by way of nodes that pass it on. */
  Optional<NodeDef> constant(String tensor) {
    NodeDef node = nodes.get(TensorNames.node(tensor));
    while (node != null && node.getOp().equals("Identity")) {
      node = nodes.get(TensorNames.node(node.getInput(0)));
    }
    return Optional.ofNullable(node).filter(found -> found.getOp().equals("Const"));
  }

  private List<String> dataInputs(NodeDef node) {
    return node.getInputList().stream()
        .filter(input -> !TensorNames.isControl(input))
        .map(TensorNames::node)
        .toList();
  }

  /** What is to be known of it for quantising. */
  Layers layers(Set<String> outputs) throws UnsupportedNetworkException {
    List<Layer> layers = new ArrayList<>();
    for (NodeDef node : nodes()) {
      if (varying.contains(node.getName()) && node.getInputCount() > 0) {
        List<String> activations =
            node.getInputList().stream()
                .filter(input -> !TensorNames.isControl(input))
                .filter(input -> varying.contains(TensorNames.node(input)))
                .map(TensorNames::canonical)
                .toList();
        layers.add(new Layer(node.getName(), kind(node), activations, node.getName()));
      }
    }
    return new Layers(layers, outputs);
  }

  private Kind kind(NodeDef node) throws UnsupportedNetworkException {
    String op = node.getOp();
    boolean firstVaries = variesFirst(node);
    if (CONVOLUTIONS.contains(op) || op.equals("MatMul")) {
      if (!firstVaries || constant(node.getInput(1)).isEmpty()) {
        return Kind.OTHER;
      }
      DataType type = node.getAttrOrDefault("T", AttrValue.getDefaultInstance()).getType();
      if (type != DataType.DT_FLOAT) {
        throw new UnsupportedNetworkException(
            "op '%s' (node '%s'): T %s (expected: DT_FLOAT)".formatted(op, node.getName(), type));
      }
      return op.equals("MatMul") ? Kind.PRODUCT : Kind.CONVOLUTION;
    }
    if (!isFloat(node) || !firstVaries) {
      return Kind.OTHER;
    }
    if (op.equals("BiasAdd")) {
      return Kind.FOLDED;
    }
    if (BATCH_NORMS.contains(op)) {
      boolean training =
          node.getAttrOrDefault("is_training", AttrValue.getDefaultInstance()).getB();
      return training ? Kind.OTHER : Kind.FOLDED;
    }
    if (SCALES.contains(op) && constant(node.getInput(1)).isPresent()) {
      return Kind.FOLDED;
    }
    if (SUMS.contains(op) && varying.contains(TensorNames.node(node.getInput(1)))) {
      return Kind.ADDITION;
    }
    if (ACTIVATIONS.contains(op)) {
      return Kind.ACTIVATION;
    }
    if (MIXERS.contains(op)) {
      return Kind.MIXING;
    }
    return SAME_VALUES.contains(op) ? Kind.SAME_VALUES : Kind.OTHER;
  }

  private boolean variesFirst(NodeDef node) {
    return node.getInputCount() > 0 && varying.contains(TensorNames.node(node.getInput(0)));
  }

  private static boolean isFloat(NodeDef node) {
    return node.getAttrOrDefault("T", AttrValue.getDefaultInstance()).getType()
        == DataType.DT_FLOAT;
  }
}
