package dev.nereid.models.onnx;

import dev.nereid.models.onnx.proto.GraphProto;
import dev.nereid.models.onnx.proto.NodeProto;
import dev.nereid.models.onnx.proto.TensorProto;
import dev.nereid.models.onnx.proto.ValueInfoProto;
import dev.nereid.models.quantize.PixelScale;
import dev.nereid.models.quantize.UnsupportedNetworkException;

/**
 * Puts 8-bit pixels in the place of a float input: a cast, and what a network expects of pixels.
 */
final class PixelInput {

  private PixelInput() {}

  static OnnxFile of(OnnxFile file, String input, boolean channelsFirst, PixelScale pixels)
      throws UnsupportedNetworkException {
    GraphProto graph = file.graph();
    GraphProto.Builder changed = graph.toBuilder().clearNode();
    changed.setInput(indexOf(graph, input), ofPixels(input, graph));
    String last = Names.of(graph).free(input + "/pixels");
    changed.addNode(
        NodeProto.newBuilder()
            .setOpType("Cast")
            .setName(last)
            .addInput(input)
            .addOutput(last)
            .addAttribute(Attributes.of("to", TensorProto.DataType.FLOAT_VALUE)));
    if (!pixels.isIdentity()) {
      last = arithmetic(changed, "Sub", last, last + "/mean", channelsFirst, pixels.mean());
      last = arithmetic(changed, "Div", last, last + "/std", channelsFirst, pixels.std());
    }
    for (NodeProto node : graph.getNodeList()) {
      NodeProto.Builder reading = node.toBuilder();
      for (int i = 0; i < node.getInputCount(); i++) {
        if (node.getInput(i).equals(input)) {
          reading.setInput(i, last);
        }
      }
      changed.addNode(reading);
    }
    return file.with(changed.build());
  }

  private static int indexOf(GraphProto graph, String input) throws UnsupportedNetworkException {
    for (int i = 0; i < graph.getInputCount(); i++) {
      ValueInfoProto value = graph.getInput(i);
      if (value.getName().equals(input)
          && value.getType().getTensorType().getElemType() == TensorProto.DataType.FLOAT_VALUE) {
        return i;
      }
    }
    throw new UnsupportedNetworkException(
        "input '" + input + "': not there, or not of floats (expected: an input of floats)");
  }

  private static ValueInfoProto ofPixels(String input, GraphProto graph)
      throws UnsupportedNetworkException {
    ValueInfoProto.Builder value = graph.getInput(indexOf(graph, input)).toBuilder();
    value.getTypeBuilder().getTensorTypeBuilder().setElemType(TensorProto.DataType.UINT8_VALUE);
    return value.build();
  }

  private static String arithmetic(
      GraphProto.Builder graph,
      String op,
      String before,
      String name,
      boolean channelsFirst,
      float[] operand) {
    long[] shape = channelsFirst ? new long[] {operand.length, 1, 1} : new long[] {operand.length};
    graph.addInitializer(Tensors.ofFloats(name + "/value", shape, operand));
    graph.addNode(
        NodeProto.newBuilder()
            .setOpType(op)
            .setName(name)
            .addInput(before)
            .addInput(name + "/value")
            .addOutput(name));
    return name;
  }
}
