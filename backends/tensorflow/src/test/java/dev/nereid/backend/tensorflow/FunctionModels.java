package dev.nereid.backend.tensorflow;

import dev.nereid.backend.contract.ContractModel;
import dev.nereid.tensor.DataType;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.NameAttrList;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;

/** SavedModels whose functions do more than {@link VariableModels}': call others, or keep count. */
final class FunctionModels {

  private static final int COLUMNS = 16;

  private FunctionModels() {}

  /**
   * A call whose function calls another twice, once within the other's arguments; with an attribute
   * that the call fills in, orders that guard the variable, and a {@code NoOp} after them.
   */
  static ContractModel nested(Path versionDirectory) throws Exception {
    GraphWriter model =
        inputs()
            .add(VariableModels.variable())
            .add(outer())
            .add(inner())
            .add(
                call(
                    "StatefulPartitionedCall",
                    "outer_call",
                    "outer_fn",
                    false,
                    "left",
                    "right",
                    "weight"))
            .output("OUTPUT0", "outer_call:0", DataType.FP32, -1, COLUMNS);
    return written(model, versionDirectory);
  }

  /** A function that counts its calls in the variable. */
  static ContractModel counting(Path versionDirectory) throws Exception {
    GraphWriter model =
        inputs()
            .add(VariableModels.variable())
            .add(counter())
            .add(
                call(
                    "StatefulPartitionedCall",
                    "StatefulPartitionedCall",
                    "count_fn",
                    false,
                    "left",
                    "right",
                    "weight"))
            .output("OUTPUT0", "StatefulPartitionedCall:0", DataType.FP32, -1, COLUMNS);
    return written(model, versionDirectory);
  }

  private static GraphWriter inputs() {
    return new GraphWriter()
        .input("INPUT0", "left", DataType.FP32, -1, COLUMNS)
        .input("INPUT1", "right", DataType.FP32, -1, COLUMNS);
  }

  private static ContractModel written(GraphWriter model, Path versionDirectory) throws Exception {
    Path folder = versionDirectory.resolve(TfModels.FOLDER);
    VariableModels.saveAndRestore(model);
    model.write(folder);
    VariableModels.checkpoint(model, folder);
    return new ContractModel(
        ContractModel.spec(
            versionDirectory,
            TfModels.FOLDER,
            8,
            List.of(TfModels.fp32("INPUT0"), TfModels.fp32("INPUT1")),
            List.of(TfModels.fp32("OUTPUT0"))),
        Map.of("OUTPUT0", cells -> cells[0]));
  }

  private static NodeDef call(
      String op, String name, String function, boolean typed, String... inputs) {
    NameAttrList.Builder called = NameAttrList.newBuilder().setName(function);
    if (typed) {
      called.putAttr("T", GraphWriter.type(DataType.FP32));
    }
    AttrValue.ListValue.Builder types = AttrValue.ListValue.newBuilder();
    for (String input : inputs) {
      if (!input.startsWith("^")) {
        types.addType(
            input.startsWith("w")
                ? org.tensorflow.proto.DataType.DT_RESOURCE
                : org.tensorflow.proto.DataType.DT_FLOAT);
      }
    }
    return GraphWriter.node(
        op,
        name,
        node ->
            node.putAttr("f", AttrValue.newBuilder().setFunc(called).build())
                .putAttr("Tin", AttrValue.newBuilder().setList(types).build())
                .putAttr("Tout", GraphWriter.types(DataType.FP32)),
        inputs);
  }

  private static FunctionDef outer() {
    return FunctionDef.newBuilder()
        .setSignature(signature("outer_fn", true))
        .addNodeDef(read())
        .addNodeDef(GraphWriter.node("NoOp", "guard", node -> {}, "^read"))
        .addNodeDef(call("PartitionedCall", "first", "inner_fn", true, "x", "read:value:0"))
        .addNodeDef(
            call("PartitionedCall", "second", "inner_fn", true, "first:output:0", "y", "^guard"))
        .addNodeDef(
            GraphWriter.node(
                "Identity",
                "last",
                node -> node.putAttr("T", GraphWriter.type(DataType.FP32)),
                "second:output:0",
                "^guard",
                "^first"))
        .putRet("result", "last:output:0")
        .putControlRet("read", "read")
        .build();
  }

  /** Of any type: the caller says which. */
  private static FunctionDef inner() {
    AttrValue type = AttrValue.newBuilder().setPlaceholder("T").build();
    OpDef signature =
        OpDef.newBuilder()
            .setName("inner_fn")
            .addAttr(OpDef.AttrDef.newBuilder().setName("T").setType("type"))
            .addInputArg(OpDef.ArgDef.newBuilder().setName("a").setTypeAttr("T"))
            .addInputArg(OpDef.ArgDef.newBuilder().setName("b").setTypeAttr("T"))
            .addOutputArg(OpDef.ArgDef.newBuilder().setName("c").setTypeAttr("T"))
            .build();
    return FunctionDef.newBuilder()
        .setSignature(signature)
        .addNodeDef(GraphWriter.node("Mul", "product", node -> node.putAttr("T", type), "a", "b"))
        .addNodeDef(
            GraphWriter.node("Sub", "rest", node -> node.putAttr("T", type), "product:z:0", "a"))
        .putRet("c", "rest:z:0")
        .build();
  }

  private static FunctionDef counter() {
    return FunctionDef.newBuilder()
        .setSignature(signature("count_fn", true))
        .addNodeDef(read())
        .addNodeDef(
            GraphWriter.node(
                "AssignAddVariableOp",
                "count",
                node -> node.putAttr("dtype", GraphWriter.type(DataType.FP32)),
                "w",
                "read:value:0"))
        .addNodeDef(VariableModels.arithmetic("AddV2", "sum", "x", "y"))
        .putRet("result", "sum:z:0")
        .putControlRet("count", "count")
        .build();
  }

  private static OpDef signature(String name, boolean stateful) {
    return OpDef.newBuilder()
        .setName(name)
        .setIsStateful(stateful)
        .addInputArg(VariableModels.argument("x", org.tensorflow.proto.DataType.DT_FLOAT))
        .addInputArg(VariableModels.argument("y", org.tensorflow.proto.DataType.DT_FLOAT))
        .addInputArg(VariableModels.argument("w", org.tensorflow.proto.DataType.DT_RESOURCE))
        .addOutputArg(VariableModels.argument("result", org.tensorflow.proto.DataType.DT_FLOAT))
        .build();
  }

  private static NodeDef read() {
    return GraphWriter.node(
        "ReadVariableOp",
        "read",
        node -> node.putAttr("dtype", GraphWriter.type(DataType.FP32)),
        "w");
  }
}
