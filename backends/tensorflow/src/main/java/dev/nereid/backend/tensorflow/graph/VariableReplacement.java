package dev.nereid.backend.tensorflow.graph;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * Puts constants in the place of variables, under their names: a handle of a variable becomes the
 * value, so that what passed the handle on passes the value on, a read becomes an {@code Identity},
 * and a gather from a variable a gather from a tensor.
 *
 * @param nodes in the order of the graph, what was added before what needs it
 * @param variables replaced
 */
record VariableReplacement(List<NodeDef> nodes, int variables) {

  private static final Set<String> HANDLES = Set.of("VarHandleOp");
  private static final Set<String> REFERENCES = Set.of("VariableV2", "Variable");

  /** What may be done with a handle and be the same with the value; by name. */
  private static final Set<String> READS = Set.of("ReadVariableOp", "ResourceGather", "Identity");

  private static final String AXIS = "/frozen_axis";

  static VariableReplacement of(Collection<NodeDef> graph, VariableValues values, OpDefs ops)
      throws NotFreezable {
    Map<String, DataType> handles = handles(graph);
    List<NodeDef> result = new ArrayList<>();
    int variables = 0;
    for (NodeDef node : graph) {
      if (HANDLES.contains(node.getOp()) || REFERENCES.contains(node.getOp())) {
        result.add(constant(node, values.read(node)));
        variables++;
        continue;
      }
      DataType handed = node.getInputCount() == 0 ? null : handles.get(source(node.getInput(0)));
      if (handed != null && READS.contains(node.getOp())) {
        result.addAll(read(node, handed));
        continue;
      }
      refuseHandles(node, handles);
      if (READS.contains(node.getOp()) && !node.getOp().equals("Identity")) {
        throw NotFreezable.of(node.getOp(), node.getName(), "reads a variable that cannot be told");
      }
      refuseState(node, ops);
      refuseWritesByReference(node, ops);
      result.add(node);
    }
    return new VariableReplacement(result, variables);
  }

  /** Nodes that give a variable's handle, with the type of its elements. */
  private static Map<String, DataType> handles(Collection<NodeDef> graph) {
    Map<String, NodeDef> byName = new HashMap<>();
    graph.forEach(node -> byName.put(node.getName(), node));
    Map<String, DataType> handles = new HashMap<>();
    for (NodeDef node : graph) {
      NodeDef at = node;
      Set<String> seen = new HashSet<>();
      while (at != null
          && at.getOp().equals("Identity")
          && at.getAttrOrDefault("T", AttrValue.getDefaultInstance()).getType()
              == DataType.DT_RESOURCE
          && seen.add(at.getName())) {
        at = byName.get(source(at.getInput(0)));
      }
      if (at != null && HANDLES.contains(at.getOp())) {
        handles.put(node.getName(), at.getAttrOrThrow("dtype").getType());
      }
    }
    return handles;
  }

  private static String source(String input) {
    return TensorName.parse(input).node();
  }

  private static NodeDef constant(NodeDef variable, TensorProto value) {
    return NodeDef.newBuilder()
        .setName(variable.getName())
        .setOp("Const")
        .setDevice(variable.getDevice())
        .putAttr("dtype", type(value.getDtype()))
        .putAttr("value", AttrValue.newBuilder().setTensor(value).build())
        .build();
  }

  private static List<NodeDef> read(NodeDef node, DataType type) {
    NodeDef.Builder result =
        NodeDef.newBuilder()
            .setName(node.getName())
            .setDevice(node.getDevice())
            .addInput(node.getInput(0));
    if (!node.getOp().equals("ResourceGather")) {
      return List.of(result.setOp("Identity").putAttr("T", type(type)).build());
    }
    NodeDef axis = zero(node.getName() + AXIS, node.getDevice());
    result
        .setOp("GatherV2")
        .addInput(node.getInput(1))
        .addInput(axis.getName())
        .putAttr("Tparams", type(type))
        .putAttr("Tindices", node.getAttrOrThrow("Tindices"))
        .putAttr("Taxis", type(DataType.DT_INT32))
        .putAttr(
            "batch_dims",
            node.getAttrOrDefault("batch_dims", AttrValue.newBuilder().setI(0).build()));
    node.getInputList().stream().filter(x -> x.startsWith("^")).forEach(result::addInput);
    return List.of(axis, result.build());
  }

  private static NodeDef zero(String name, String device) {
    ByteString bytes = UnsafeByteOperations.unsafeWrap(new byte[Integer.BYTES]);
    TensorProto zero =
        TensorProto.newBuilder()
            .setDtype(DataType.DT_INT32)
            .setTensorShape(TensorShapeProto.getDefaultInstance())
            .setTensorContent(bytes)
            .build();
    return NodeDef.newBuilder()
        .setName(name)
        .setOp("Const")
        .setDevice(device)
        .putAttr("dtype", type(DataType.DT_INT32))
        .putAttr("value", AttrValue.newBuilder().setTensor(zero).build())
        .build();
  }

  private static AttrValue type(DataType type) {
    return AttrValue.newBuilder().setType(type).build();
  }

  private static void refuseHandles(NodeDef node, Map<String, DataType> handles)
      throws NotFreezable {
    for (String input : node.getInputList()) {
      TensorName name = TensorName.parse(input);
      if (!name.isControl() && handles.containsKey(name.node())) {
        throw NotFreezable.of(
            node.getOp(), node.getName(), "takes the variable '" + name.node() + "' itself");
      }
    }
  }

  /** Refuses what keeps or changes state, but for variables and what reads them. */
  static void refuseState(NodeDef node, OpDefs ops) throws NotFreezable {
    if (HANDLES.contains(node.getOp())
        || REFERENCES.contains(node.getOp())
        || READS.contains(node.getOp())) {
      return;
    }
    OpDef definition = ops.find(node.getOp());
    if (definition == null) {
      throw NotFreezable.of(
          node.getOp(), node.getName(), "is not known to this TensorFlow library");
    }
    if (definition.getIsStateful() && OpDefs.touchesState(definition, node)) {
      throw NotFreezable.of(node.getOp(), node.getName(), "keeps or changes state");
    }
  }

  private static void refuseWritesByReference(NodeDef node, OpDefs ops) throws NotFreezable {
    OpDef definition = ops.require(node);
    for (OpDef.ArgDef argument : definition.getInputArgList()) {
      if (argument.getIsRef()) {
        throw NotFreezable.of(node.getOp(), node.getName(), "writes to a variable");
      }
    }
  }
}
