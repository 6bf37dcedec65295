package dev.nereid.models.onnx;

import dev.nereid.models.onnx.proto.AttributeProto;
import dev.nereid.models.onnx.proto.NodeProto;
import java.util.Optional;

/** Attributes of an ONNX node. */
final class Attributes {

  private Attributes() {}

  static Optional<AttributeProto> find(NodeProto node, String name) {
    return node.getAttributeList().stream()
        .filter(attribute -> attribute.getName().equals(name))
        .findFirst();
  }

  static float number(NodeProto node, String name, float otherwise) {
    return find(node, name).map(AttributeProto::getF).orElse(otherwise);
  }

  static long integer(NodeProto node, String name, long otherwise) {
    return find(node, name).map(AttributeProto::getI).orElse(otherwise);
  }

  static AttributeProto of(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }
}
