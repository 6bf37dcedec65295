package dev.nereid.models.onnx;

import dev.nereid.models.onnx.proto.GraphProto;
import dev.nereid.models.onnx.proto.NodeProto;
import dev.nereid.models.onnx.proto.TensorProto;
import dev.nereid.models.onnx.proto.ValueInfoProto;
import dev.nereid.models.quantize.Layer;
import dev.nereid.models.quantize.Layers;
import dev.nereid.models.quantize.Placement;
import dev.nereid.models.quantize.Range;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Writes {@code QuantizeLinear} and {@code DequantizeLinear} nodes into a graph: one pair behind
 * every tensor of the placement, and one {@code DequantizeLinear} before every weight, which is
 * stored as integers.
 */
final class QdqRewriter {

  private final OnnxGraph graph;
  private final Layers layers;
  private final Placement placement;
  private final Names names;
  private final Map<String, ActivationGrid> grids = new HashMap<>();
  private final Map<String, String> dequantized = new HashMap<>();
  private final QuantizedWeights weights;
  private final List<NodeProto> nodes = new ArrayList<>();
  private final List<TensorProto> constants = new ArrayList<>();

  QdqRewriter(
      OnnxGraph graph,
      Layers layers,
      Placement placement,
      QdqScheme scheme,
      Map<String, Range> ranges) {
    this.graph = graph;
    this.layers = layers;
    this.placement = placement;
    this.names = Names.of(graph.proto());
    this.weights = new QuantizedWeights(graph, scheme, names, nodes, constants);
    placement
        .sources()
        .forEach(
            (tensor, source) -> {
              Range range = Objects.requireNonNull(ranges.get(source), source);
              grids.put(tensor, ActivationGrid.of(range, scheme.signed()));
            });
  }

  GraphProto rewrite() {
    Map<String, Layer> byId = new HashMap<>();
    layers.all().forEach(layer -> byId.put(layer.id(), layer));
    for (ValueInfoProto input : graph.proto().getInputList()) {
      pairBehind(input.getName());
    }
    for (int i = 0; i < graph.proto().getNodeCount(); i++) {
      NodeProto node = graph.proto().getNode(i);
      Layer layer = byId.get(Integer.toString(i));
      nodes.add(layer == null ? node : reading(node, layer));
      node.getOutputList().forEach(this::pairBehind);
    }
    Set<String> read = new HashSet<>(graph.outputs());
    nodes.forEach(node -> read.addAll(node.getInputList()));
    GraphProto.Builder rewritten =
        graph.proto().toBuilder().clearNode().addAllNode(nodes).clearInitializer();
    for (TensorProto tensor : graph.proto().getInitializerList()) {
      if (read.contains(tensor.getName())) {
        rewritten.addInitializer(tensor);
      }
    }
    return rewritten.addAllInitializer(constants).build();
  }

  /** The node with what it reads quantised, and its weights before it. */
  private NodeProto reading(NodeProto node, Layer layer) {
    NodeProto.Builder reading = node.toBuilder();
    for (int i = 0; i < node.getInputCount(); i++) {
      String tensor = node.getInput(i);
      if (placement.isRead(tensor, layer.id())) {
        reading.setInput(i, Objects.requireNonNull(dequantized.get(tensor), tensor));
      }
    }
    if (layer.isWeighted()) {
      ActivationGrid input = grids.get(layer.activations().get(0));
      weights.quantize(reading, Objects.requireNonNull(input, layer.id()));
    }
    return reading.build();
  }

  private void pairBehind(String tensor) {
    ActivationGrid grid = grids.get(tensor);
    if (grid == null) {
      return;
    }
    String scale = names.free(tensor + "_scale");
    String zero = names.free(tensor + "_zero_point");
    constants.add(Tensors.ofFloats(scale, new long[0], grid.scale()));
    constants.add(Tensors.ofBytes(zero, grid.signed(), new long[0], (byte) grid.zero()));
    String integers = names.free(tensor + "_quantized");
    String floats = names.free(tensor + "_dequantized");
    nodes.add(node("QuantizeLinear", integers, tensor, scale, zero).build());
    nodes.add(node("DequantizeLinear", floats, integers, scale, zero).build());
    dequantized.put(tensor, floats);
  }

  static NodeProto.Builder node(String operator, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setOpType(operator)
        .setName(output)
        .addAllInput(List.of(inputs))
        .addOutput(output);
  }
}
