package dev.nereid.backend.tensorflow.graph;

import com.google.protobuf.InvalidProtocolBufferException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.javacpp.BytePointer;
import org.jspecify.annotations.Nullable;
import org.tensorflow.internal.c_api.TF_Buffer;
import org.tensorflow.internal.c_api.global.tensorflow;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.OpList;

/** The operators that TensorFlow's library knows, by name. Thread-safe. */
public final class OpDefs {

  private final Map<String, OpDef> byName;

  public OpDefs(OpList list) {
    byName =
        list.getOpList().stream().collect(Collectors.toUnmodifiableMap(OpDef::getName, x -> x));
  }

  /** Those of the library that is loaded. Takes some milliseconds: keep it for one model's load. */
  public static OpDefs ofLibrary() {
    TF_Buffer buffer = tensorflow.TF_GetAllOpList();
    try {
      ByteBuffer bytes = new BytePointer(buffer.data()).capacity(buffer.length()).asByteBuffer();
      return new OpDefs(OpList.parseFrom(bytes));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("TensorFlow's list of operators cannot be read", e);
    } finally {
      tensorflow.TF_DeleteBuffer(buffer);
    }
  }

  /** Null where the library has none of that name; a function's name is none. */
  @Nullable OpDef find(String op) {
    return byName.get(op);
  }

  /** Whether the library has an operator. */
  public boolean isKnown(String op) {
    return byName.containsKey(op);
  }

  OpDef require(NodeDef node) throws NotFreezable {
    OpDef definition = byName.get(node.getOp());
    if (definition == null) {
      throw NotFreezable.of(
          node.getOp(), node.getName(), "is not known to this TensorFlow library");
    }
    return definition;
  }

  /** Whether anything but its inputs decides what it gives, or it does more than give outputs. */
  public boolean isStateful(String op) {
    OpDef definition = byName.get(op);
    return definition == null || definition.getIsStateful();
  }

  /** Whether it touches what outlives a run: a resource, a variable's reference, a variant. */
  static boolean touchesState(OpDef definition, NodeDef node) {
    return Stream.concat(
            definition.getInputArgList().stream(), definition.getOutputArgList().stream())
        .anyMatch(argument -> isState(definition, argument, node));
  }

  private static boolean isState(OpDef definition, OpDef.ArgDef argument, NodeDef node) {
    if (argument.getIsRef() || isState(argument.getType())) {
      return true;
    }
    if (!argument.getTypeAttr().isEmpty()) {
      return isState(attribute(definition, node, argument.getTypeAttr()).getType());
    }
    return !argument.getTypeListAttr().isEmpty()
        && attribute(definition, node, argument.getTypeListAttr()).getList().getTypeList().stream()
            .anyMatch(OpDefs::isState);
  }

  private static boolean isState(DataType type) {
    return type == DataType.DT_RESOURCE || type == DataType.DT_VARIANT;
  }

  /** The number of a node's first tensor of each of its operator's outputs. */
  static Map<String, Integer> firstOutputs(OpDef definition, NodeDef node) {
    Map<String, Integer> first = new LinkedHashMap<>();
    int next = 0;
    for (OpDef.ArgDef argument : definition.getOutputArgList()) {
      first.put(argument.getName(), next);
      next += count(definition, argument, node);
    }
    return first;
  }

  /** How many tensors an argument stands for. */
  static int count(OpDef definition, OpDef.ArgDef argument, NodeDef node) {
    if (!argument.getNumberAttr().isEmpty()) {
      return Math.toIntExact(attribute(definition, node, argument.getNumberAttr()).getI());
    }
    if (!argument.getTypeListAttr().isEmpty()) {
      return attribute(definition, node, argument.getTypeListAttr()).getList().getTypeCount();
    }
    return 1;
  }

  /** A SavedModel leaves out attributes that have the operator's default. */
  private static AttrValue attribute(OpDef definition, NodeDef node, String name) {
    AttrValue own = node.getAttrMap().get(name);
    if (own != null) {
      return own;
    }
    return definition.getAttrList().stream()
        .filter(attribute -> attribute.getName().equals(name))
        .map(OpDef.AttrDef::getDefaultValue)
        .findFirst()
        .orElse(AttrValue.getDefaultInstance());
  }
}
