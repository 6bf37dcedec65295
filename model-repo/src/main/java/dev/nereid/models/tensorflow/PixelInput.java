package dev.nereid.models.tensorflow;

import dev.nereid.models.quantize.PixelScale;
import dev.nereid.models.quantize.UnsupportedNetworkException;
import dev.nereid.models.tensorflow.proto.AttrValue;
import dev.nereid.models.tensorflow.proto.DataType;
import dev.nereid.models.tensorflow.proto.NodeDef;
import dev.nereid.models.tensorflow.proto.TensorInfo;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Puts 8-bit pixels in the place of a float input: a cast, and what a network expects of pixels.
 */
final class PixelInput {

  private PixelInput() {}

  static SavedModelFile of(
      SavedModelFile file, String input, boolean channelsFirst, PixelScale pixels)
      throws UnsupportedNetworkException {
    TensorInfo info = file.signature().getInputsMap().get(input);
    if (info == null || info.getDtype() != DataType.DT_FLOAT) {
      throw new UnsupportedNetworkException(
          "input '" + input + "': not there, or not of floats (expected: an input of floats)");
    }
    String placeholder = TensorNames.node(info.getName());
    Set<String> names = new HashSet<>();
    file.graph().getNodeList().forEach(node -> names.add(node.getName()));
    String prefix = placeholder + "/pixels";
    while (names.contains(prefix + "/cast")) {
      prefix += "_1";
    }
    List<NodeDef> added = chain(prefix, placeholder, channelsFirst, pixels);
    String last = added.get(added.size() - 1).getName();
    List<NodeDef> nodes = new ArrayList<>();
    for (NodeDef node : file.graph().getNodeList()) {
      if (node.getName().equals(placeholder)) {
        nodes.add(ofPixels(node));
        nodes.addAll(added);
      } else {
        nodes.add(reading(node, placeholder, last));
      }
    }
    TensorInfo ofPixels = info.toBuilder().setDtype(DataType.DT_UINT8).build();
    return file.with(nodes, file.signature().toBuilder().putInputs(input, ofPixels).build());
  }

  private static NodeDef ofPixels(NodeDef placeholder) throws UnsupportedNetworkException {
    if (!placeholder.getOp().equals("Placeholder")) {
      throw new UnsupportedNetworkException(
          "op '%s' (node '%s'): is the input (expected: a Placeholder)"
              .formatted(placeholder.getOp(), placeholder.getName()));
    }
    return placeholder.toBuilder().putAttr("dtype", type(DataType.DT_UINT8)).build();
  }

  private static NodeDef reading(NodeDef node, String placeholder, String replacement) {
    NodeDef.Builder builder = node.toBuilder();
    for (int i = 0; i < node.getInputCount(); i++) {
      if (TensorNames.canonical(node.getInput(i)).equals(placeholder)) {
        builder.setInput(i, replacement);
      }
    }
    return builder.build();
  }

  private static List<NodeDef> chain(
      String prefix, String placeholder, boolean channelsFirst, PixelScale pixels) {
    List<NodeDef> added = new ArrayList<>();
    added.add(
        NodeDef.newBuilder()
            .setName(prefix + "/cast")
            .setOp("Cast")
            .addInput(placeholder)
            .putAttr("SrcT", type(DataType.DT_UINT8))
            .putAttr("DstT", type(DataType.DT_FLOAT))
            .build());
    if (!pixels.isIdentity()) {
      arithmetic(added, "Sub", prefix + "/mean", channelsFirst, pixels.mean());
      arithmetic(added, "RealDiv", prefix + "/std", channelsFirst, pixels.std());
    }
    return added;
  }

  private static void arithmetic(
      List<NodeDef> added, String op, String name, boolean channelsFirst, float[] operand) {
    long[] shape = channelsFirst ? new long[] {operand.length, 1, 1} : new long[] {operand.length};
    String before = added.get(added.size() - 1).getName();
    added.add(Constants.of(name + "/value", shape, operand));
    added.add(
        NodeDef.newBuilder()
            .setName(name)
            .setOp(op)
            .addInput(before)
            .addInput(name + "/value")
            .putAttr("T", type(DataType.DT_FLOAT))
            .build());
  }

  private static AttrValue type(DataType dataType) {
    return AttrValue.newBuilder().setType(dataType).build();
  }
}
