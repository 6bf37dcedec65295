package dev.nereid.models.onnx;

import dev.nereid.models.onnx.proto.AttributeProto;
import dev.nereid.models.onnx.proto.NodeProto;
import dev.nereid.models.onnx.proto.TensorProto;
import dev.nereid.models.quantize.ChannelScales;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Stores weights as INT8, one scale an output channel, each behind a {@code DequantizeLinear}. */
final class QuantizedWeights {

  private final OnnxGraph graph;
  private final QdqScheme scheme;
  private final Names names;
  private final List<NodeProto> nodes;
  private final List<TensorProto> constants;
  private final Map<String, Stored> stored = new HashMap<>();

  /**
   * Weights that several layers may read.
   *
   * @param value what they read
   */
  private record Stored(String value, float[] scales) {}

  /**
   * @param nodes gets the nodes that have to stand before a layer's own
   */
  QuantizedWeights(
      OnnxGraph graph,
      QdqScheme scheme,
      Names names,
      List<NodeProto> nodes,
      List<TensorProto> constants) {
    this.graph = graph;
    this.scheme = scheme;
    this.names = names;
    this.nodes = nodes;
    this.constants = constants;
  }

  /** Lets a layer read its weights, and where the engine wants it its bias, from integers. */
  void quantize(NodeProto.Builder layer, ActivationGrid input) {
    boolean turned = layer.getOpType().equals("Gemm") && !isTransposed(layer);
    String name = layer.getInput(1);
    Stored weights = stored.get(name + turned);
    if (weights == null) {
      weights = store(graph.constant(name).orElseThrow(), layer.getOpType(), turned);
      stored.put(name + turned, weights);
    }
    layer.setInput(1, weights.value());
    if (turned) {
      transpose(layer);
    }
    if (scheme.integerBias() && layer.getInputCount() > 2) {
      Optional<TensorProto> bias = graph.constant(layer.getInput(2)).filter(Tensors::isFloat);
      if (bias.isPresent() && bias.get().getDimsCount() == 1) {
        layer.setInput(2, storeBias(layer.getInput(2), bias.get(), input, weights.scales()));
      }
    }
  }

  private Stored store(TensorProto weights, String operator, boolean turned) {
    float[] values = Tensors.floats(weights);
    long[] shape = Tensors.shape(weights);
    if (turned) {
      values = turn(values, (int) shape[0], (int) shape[1]);
      shape = new long[] {shape[1], shape[0]};
    }
    int axis = operator.equals("MatMul") ? 1 : 0;
    ChannelScales scales =
        ChannelScales.of(values, ChannelScales.Layout.of(shape, axis), scheme.weightLimit());
    String name = weights.getName();
    String stored = names.free(name + (scheme.integerWeights() ? "_quantized" : "_rounded"));
    TensorProto integers =
        scheme.integerWeights()
            ? Tensors.ofBytes(stored, true, shape, scales.quantize(values))
            : Tensors.ofFloats(stored, shape, scales.roundTrip(values));
    TensorProto zeros =
        Tensors.ofBytes(
            names.free(name + "_zero_point"),
            true,
            new long[] {scales.scales().length},
            new byte[scales.scales().length]);
    return new Stored(dequantize(name, integers, scales.scales(), zeros, axis), scales.scales());
  }

  /** In the scale of the sums that it is added to, which are of inputs times weights. */
  private String storeBias(String name, TensorProto bias, ActivationGrid input, float[] scales) {
    float[] values = Tensors.floats(bias);
    int[] integers = new int[values.length];
    float[] products = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      products[i] = input.scale() * scales[i];
      double integer = Math.rint((double) values[i] / products[i]);
      integers[i] = (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, integer));
    }
    long[] shape = {values.length};
    return dequantize(
        name,
        Tensors.ofInts(names.free(name + "_quantized"), shape, integers),
        products,
        Tensors.ofInts(names.free(name + "_zero_point"), shape, new int[values.length]),
        0);
  }

  private String dequantize(
      String name, TensorProto numbers, float[] scales, TensorProto zeros, int axis) {
    TensorProto scale =
        Tensors.ofFloats(names.free(name + "_scale"), new long[] {scales.length}, scales);
    constants.add(numbers);
    constants.add(scale);
    constants.add(zeros);
    String integers = numbers.getName();
    if (Tensors.isFloat(numbers)) {
      integers = names.free(name + "_quantized");
      add("QuantizeLinear", integers, numbers.getName(), scale, zeros, axis);
    }
    String value = names.free(name + "_dequantized");
    add("DequantizeLinear", value, integers, scale, zeros, axis);
    return value;
  }

  private void add(
      String operator,
      String output,
      String input,
      TensorProto scale,
      TensorProto zeros,
      int axis) {
    nodes.add(
        QdqRewriter.node(operator, output, input, scale.getName(), zeros.getName())
            .addAttribute(Attributes.of("axis", axis))
            .build());
  }

  private static boolean isTransposed(NodeProto.Builder layer) {
    return Attributes.integer(layer.build(), "transB", 0) != 0;
  }

  /** The layout that every engine knows quantised products in: output channels first. */
  private static void transpose(NodeProto.Builder layer) {
    List<AttributeProto> others = new ArrayList<>(layer.getAttributeList());
    others.removeIf(attribute -> attribute.getName().equals("transB"));
    layer.clearAttribute().addAllAttribute(others).addAttribute(Attributes.of("transB", 1));
  }

  private static float[] turn(float[] values, int rows, int columns) {
    float[] turned = new float[values.length];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        turned[column * rows + row] = values[row * columns + column];
      }
    }
    return turned;
  }
}
