package dev.nereid.models.tensorflow;

import dev.nereid.models.quantize.ChannelScales;
import dev.nereid.models.quantize.Layer;
import dev.nereid.models.quantize.Layers;
import dev.nereid.models.quantize.Placement;
import dev.nereid.models.quantize.Range;
import dev.nereid.models.tensorflow.proto.AttrValue;
import dev.nereid.models.tensorflow.proto.NodeDef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Writes ranges into a graph as TF-TRT reads them: a {@code FakeQuantWithMinMaxVars} behind every
 * tensor of the placement.
 *
 * <p>The graph then computes in TensorFlow what TensorRT will: ranges are symmetric with 127 steps
 * to each side, and weights lie on the grid of the integers that TensorRT makes of them, one scale
 * an output channel. TensorRT finds the same integers, since rounding changes no channel's greatest
 * weight.
 */
final class FakeQuantRewriter {

  private static final int LIMIT = 127;

  private final TensorFlowGraph graph;
  private final Layers layers;
  private final Placement placement;
  private final Map<String, Range> ranges;

  FakeQuantRewriter(
      TensorFlowGraph graph, Layers layers, Placement placement, Map<String, Range> ranges) {
    this.graph = graph;
    this.layers = layers;
    this.placement = placement;
    this.ranges = Map.copyOf(ranges);
  }

  List<NodeDef> rewrite() {
    Map<String, NodeDef> changed = roundedWeights();
    Map<String, String> quantized = new HashMap<>();
    Map<String, List<NodeDef>> behind = new HashMap<>();
    placement
        .sources()
        .forEach(
            (tensor, source) -> {
              List<NodeDef> added = fakeQuant(tensor, range(source));
              quantized.put(tensor, added.get(added.size() - 1).getName());
              behind
                  .computeIfAbsent(TensorNames.node(tensor), ignored -> new ArrayList<>())
                  .addAll(added);
            });
    List<NodeDef> rewritten = new ArrayList<>();
    for (NodeDef node : graph.nodes()) {
      rewritten.add(rewired(changed.getOrDefault(node.getName(), node), quantized));
      rewritten.addAll(behind.getOrDefault(node.getName(), List.of()));
    }
    return rewritten;
  }

  private Range range(String tensor) {
    return Objects.requireNonNull(ranges.get(tensor), tensor);
  }

  private NodeDef rewired(NodeDef node, Map<String, String> quantized) {
    NodeDef.Builder rewired = node.toBuilder();
    for (int i = 0; i < node.getInputCount(); i++) {
      String tensor = TensorNames.canonical(node.getInput(i));
      String replacement = quantized.get(tensor);
      if (replacement != null && placement.isRead(tensor, node.getName())) {
        rewired.setInput(i, replacement);
      }
    }
    return rewired.build();
  }

  private List<NodeDef> fakeQuant(String tensor, Range range) {
    float magnitude = range.magnitude() == 0 ? 1 : range.magnitude();
    String name = freeName(tensor.replace(':', '_') + "/quantized");
    NodeDef low = Constants.of(name + "/min", new long[0], -magnitude);
    NodeDef high = Constants.of(name + "/max", new long[0], magnitude);
    NodeDef node =
        NodeDef.newBuilder()
            .setName(name)
            .setOp("FakeQuantWithMinMaxVars")
            .addInput(tensor)
            .addInput(low.getName())
            .addInput(high.getName())
            .putAttr("num_bits", AttrValue.newBuilder().setI(8).build())
            .putAttr("narrow_range", AttrValue.newBuilder().setB(true).build())
            .build();
    return List.of(low, high, node);
  }

  private String freeName(String wanted) {
    String name = wanted;
    for (int i = 1; graph.has(name) || graph.has(name + "/min") || graph.has(name + "/max"); i++) {
      name = wanted + "_" + i;
    }
    return name;
  }

  private Map<String, NodeDef> roundedWeights() {
    Map<String, NodeDef> rounded = new HashMap<>();
    for (Layer layer : layers.all()) {
      if (layer.isWeighted()) {
        NodeDef node = graph.node(layer.id());
        NodeDef weights = graph.constant(node.getInput(1)).orElseThrow();
        if (computesInIntegers(layer) && !rounded.containsKey(weights.getName())) {
          float[] values = Constants.floats(weights);
          ChannelScales scales =
              ChannelScales.of(values, layout(node, Constants.shape(weights)), LIMIT);
          rounded.put(weights.getName(), Constants.withFloats(weights, scales.roundTrip(values)));
        }
      }
    }
    return rounded;
  }

  /** A product whose result has no range is left in floating point by TensorRT. */
  private boolean computesInIntegers(Layer layer) {
    return layer.kind() == Layer.Kind.CONVOLUTION
        || placement.readers().containsKey(layers.fusedOutput(layer));
  }

  private static ChannelScales.Layout layout(NodeDef node, long[] shape) {
    return switch (node.getOp()) {
      case "Conv2D" -> ChannelScales.Layout.of(shape, 3);
      case "DepthwiseConv2dNative" ->
          new ChannelScales.Layout(Math.toIntExact(shape[2] * shape[3]), 1);
      default -> ChannelScales.Layout.of(shape, isTransposed(node) ? 0 : 1);
    };
  }

  private static boolean isTransposed(NodeDef node) {
    return node.getAttrOrDefault("transpose_b", AttrValue.getDefaultInstance()).getB();
  }
}
