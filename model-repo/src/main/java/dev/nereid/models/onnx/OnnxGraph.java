package dev.nereid.models.onnx;

import dev.nereid.models.onnx.proto.AttributeProto;
import dev.nereid.models.onnx.proto.GraphProto;
import dev.nereid.models.onnx.proto.NodeProto;
import dev.nereid.models.onnx.proto.TensorProto;
import dev.nereid.models.onnx.proto.ValueInfoProto;
import dev.nereid.models.quantize.Layer;
import dev.nereid.models.quantize.Layer.Kind;
import dev.nereid.models.quantize.Layers;
import dev.nereid.models.quantize.UnsupportedNetworkException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The nodes of an ONNX graph and its constants by name. A node's id is its place in the graph. */
final class OnnxGraph {

  private static final Set<String> PRODUCTS = Set.of("Gemm", "MatMul");
  private static final Set<String> ACTIVATIONS = Set.of("Relu", "Clip");
  private static final Set<String> MIXERS =
      Set.of("AveragePool", "GlobalAveragePool", "ReduceMean", "Concat");
  private static final Set<String> SAME_VALUES =
      Set.of(
          "MaxPool",
          "Flatten",
          "Reshape",
          "Squeeze",
          "Unsqueeze",
          "Transpose",
          "Identity",
          "Dropout");

  private final GraphProto graph;
  private final Map<String, TensorProto> constants = new LinkedHashMap<>();
  private final Set<String> varying = new HashSet<>();

  /**
   * @throws UnsupportedNetworkException with the first node that is in the way of quantising
   */
  OnnxGraph(GraphProto graph) throws UnsupportedNetworkException {
    this.graph = graph;
    graph.getInitializerList().forEach(tensor -> constants.put(tensor.getName(), tensor));
    for (ValueInfoProto input : graph.getInputList()) {
      if (!constants.containsKey(input.getName())) {
        varying.add(input.getName());
      }
    }
    for (NodeProto node : graph.getNodeList()) {
      refuse(node);
      if (node.getInputList().stream().anyMatch(varying::contains)) {
        varying.addAll(node.getOutputList());
      } else if (node.getOpType().equals("Constant")) {
        Attributes.find(node, "value")
            .ifPresent(value -> constants.put(node.getOutput(0), value.getT()));
      } else if (node.getOpType().equals("Identity") && constants.containsKey(node.getInput(0))) {
        constants.put(node.getOutput(0), constants.get(node.getInput(0)));
      }
    }
  }

  private static void refuse(NodeProto node) throws UnsupportedNetworkException {
    String op = node.getOpType();
    String where = "op '%s' (node '%s'): ".formatted(op, node.getName());
    if (node.getAttributeList().stream()
        .anyMatch(attribute -> attribute.getType() == AttributeProto.AttributeType.GRAPH)) {
      throw new UnsupportedNetworkException(
          where + "has a graph of its own (expected: a graph without branches and loops)");
    }
    if (op.equals("QuantizeLinear") || op.equals("DequantizeLinear") || op.startsWith("QLinear")) {
      throw new UnsupportedNetworkException(
          where + "the graph is quantised already (expected: a graph in floating point)");
    }
  }

  GraphProto proto() {
    return graph;
  }

  Optional<TensorProto> constant(String value) {
    return Optional.ofNullable(constants.get(value));
  }

  NodeProto node(String id) {
    return graph.getNode(Integer.parseInt(id));
  }

  Set<String> outputs() {
    return graph.getOutputList().stream().map(ValueInfoProto::getName).collect(Collectors.toSet());
  }

  /** How many nodes read a value. */
  int readers(String value) {
    int readers = outputs().contains(value) ? 1 : 0;
    for (NodeProto node : graph.getNodeList()) {
      readers += (int) node.getInputList().stream().filter(value::equals).count();
    }
    return readers;
  }

  /** What is to be known of it for quantising. */
  Layers layers() throws UnsupportedNetworkException {
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < graph.getNodeCount(); i++) {
      NodeProto node = graph.getNode(i);
      List<String> activations = node.getInputList().stream().filter(varying::contains).toList();
      if (!activations.isEmpty()) {
        layers.add(new Layer(Integer.toString(i), kind(node), activations, node.getOutput(0)));
      }
    }
    return new Layers(layers, outputs());
  }

  private Kind kind(NodeProto node) throws UnsupportedNetworkException {
    String op = node.getOpType();
    if (!node.getDomain().isEmpty() || !varying.contains(node.getInput(0))) {
      return Kind.OTHER;
    }
    if (op.equals("Conv")) {
      return weights(node).isPresent() ? Kind.CONVOLUTION : Kind.OTHER;
    }
    if (PRODUCTS.contains(op)) {
      return weights(node).filter(tensor -> tensor.getDimsCount() == 2).isPresent()
              && isPlainProduct(node)
          ? Kind.PRODUCT
          : Kind.OTHER;
    }
    if (op.equals("Add")) {
      return varying.contains(node.getInput(1)) ? Kind.ADDITION : Kind.OTHER;
    }
    if (ACTIVATIONS.contains(op)) {
      return Kind.ACTIVATION;
    }
    if (MIXERS.contains(op)) {
      return Kind.MIXING;
    }
    return SAME_VALUES.contains(op) ? Kind.SAME_VALUES : Kind.OTHER;
  }

  private Optional<TensorProto> weights(NodeProto node) throws UnsupportedNetworkException {
    Optional<TensorProto> weights = constant(node.getInput(1));
    if (weights.isPresent() && !Tensors.isFloat(weights.get())) {
      throw new UnsupportedNetworkException(
          "op '%s' (node '%s'): weights of ONNX's type %d (expected: 1, FLOAT)"
              .formatted(node.getOpType(), node.getName(), weights.get().getDataType()));
    }
    return weights;
  }

  /** A Gemm without factors, whose bias is one number a column. */
  private boolean isPlainProduct(NodeProto node) {
    return node.getOpType().equals("MatMul")
        || (Attributes.number(node, "alpha", 1) == 1
            && Attributes.number(node, "beta", 1) == 1
            && Attributes.integer(node, "transA", 0) == 0);
  }
}
