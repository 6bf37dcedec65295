package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.contract.ContractModel;
import dev.nereid.tensor.DataType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.tensorflow.internal.c_api.TF_Buffer;
import org.tensorflow.internal.c_api.TF_Graph;
import org.tensorflow.internal.c_api.TF_ImportGraphDefOptions;
import org.tensorflow.internal.c_api.TF_Operation;
import org.tensorflow.internal.c_api.TF_Output;
import org.tensorflow.internal.c_api.TF_Session;
import org.tensorflow.internal.c_api.TF_SessionOptions;
import org.tensorflow.internal.c_api.TF_Tensor;
import org.tensorflow.internal.c_api.global.tensorflow;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NameAttrList;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.SaverDef;

/**
 * SavedModels as TensorFlow 2 writes them: the signature calls a function, the function reads a
 * resource variable, and the variable's values lie in a checkpoint beside the graph.
 */
final class VariableModels {

  private static final float WEIGHT = 3;
  private static final int COLUMNS = 16;
  private static final String PREFIX = "variables/variables";

  private VariableModels() {}

  /** OUTPUT0 is INPUT0 times a variable and INPUT1 more; OUTPUT1 is their difference. */
  static ContractModel scale(Path versionDirectory) throws Exception {
    Path folder = versionDirectory.resolve(TfModels.FOLDER);
    GraphWriter model =
        new GraphWriter()
            .input("INPUT0", "left", DataType.FP32, -1, COLUMNS)
            .input("INPUT1", "right", DataType.FP32, -1, COLUMNS)
            .add(variable())
            .add(function())
            .add(call())
            .output("OUTPUT0", "StatefulPartitionedCall:0", DataType.FP32, -1, COLUMNS)
            .output("OUTPUT1", "StatefulPartitionedCall:1", DataType.FP32, -1, COLUMNS);
    saveAndRestore(model);
    model.write(folder);
    checkpoint(model, folder);
    return new ContractModel(
        ContractModel.spec(
            versionDirectory,
            TfModels.FOLDER,
            8,
            List.of(TfModels.fp32("INPUT0"), TfModels.fp32("INPUT1")),
            List.of(TfModels.fp32("OUTPUT0"), TfModels.fp32("OUTPUT1"))),
        Map.of(
            "OUTPUT0",
            cells -> cells[0] * WEIGHT + cells[1],
            "OUTPUT1",
            cells -> cells[0] - cells[1]));
  }

  static NodeDef variable() {
    return GraphWriter.node(
        "VarHandleOp",
        "weight",
        node ->
            node.putAttr("dtype", GraphWriter.type(DataType.FP32))
                .putAttr("shape", GraphWriter.shape(COLUMNS))
                .putAttr("shared_name", GraphWriter.text("weight")));
  }

  private static NodeDef call() {
    AttrValue name =
        AttrValue.newBuilder().setFunc(NameAttrList.newBuilder().setName("serving_fn")).build();
    AttrValue inputs =
        AttrValue.newBuilder()
            .setList(
                AttrValue.ListValue.newBuilder()
                    .addType(org.tensorflow.proto.DataType.DT_FLOAT)
                    .addType(org.tensorflow.proto.DataType.DT_FLOAT)
                    .addType(org.tensorflow.proto.DataType.DT_RESOURCE))
            .build();
    return GraphWriter.node(
        "StatefulPartitionedCall",
        "StatefulPartitionedCall",
        node ->
            node.putAttr("f", name)
                .putAttr("Tin", inputs)
                .putAttr("Tout", GraphWriter.types(DataType.FP32, DataType.FP32)),
        "left",
        "right",
        "weight");
  }

  private static FunctionDef function() {
    OpDef signature =
        OpDef.newBuilder()
            .setName("serving_fn")
            .setIsStateful(true)
            .addInputArg(argument("x", org.tensorflow.proto.DataType.DT_FLOAT))
            .addInputArg(argument("y", org.tensorflow.proto.DataType.DT_FLOAT))
            .addInputArg(argument("w", org.tensorflow.proto.DataType.DT_RESOURCE))
            .addOutputArg(argument("sum", org.tensorflow.proto.DataType.DT_FLOAT))
            .addOutputArg(argument("difference", org.tensorflow.proto.DataType.DT_FLOAT))
            .build();
    return FunctionDef.newBuilder()
        .setSignature(signature)
        .addNodeDef(
            GraphWriter.node(
                "ReadVariableOp",
                "read",
                node -> node.putAttr("dtype", GraphWriter.type(DataType.FP32)),
                "w"))
        .addNodeDef(arithmetic("Mul", "mul", "x", "read:value:0"))
        .addNodeDef(arithmetic("AddV2", "add", "mul:z:0", "y"))
        .addNodeDef(arithmetic("Sub", "sub", "x", "y"))
        .putRet("sum", "add:z:0")
        .putRet("difference", "sub:z:0")
        .build();
  }

  static NodeDef arithmetic(String operator, String name, String left, String right) {
    return GraphWriter.node(
        operator, name, node -> node.putAttr("T", GraphWriter.type(DataType.FP32)), left, right);
  }

  static OpDef.ArgDef argument(String name, org.tensorflow.proto.DataType type) {
    return OpDef.ArgDef.newBuilder().setName(name).setType(type).build();
  }

  /** The operators that fill, write and read the variable, and the names that the loader needs. */
  static void saveAndRestore(GraphWriter model) {
    model
        .constant("initial", WEIGHT, COLUMNS)
        .add(assign("fill", "initial"))
        .add(
            GraphWriter.node(
                "ReadVariableOp",
                "value",
                node -> node.putAttr("dtype", GraphWriter.type(DataType.FP32)),
                "weight"))
        .add(
            GraphWriter.node(
                "Placeholder",
                "prefix",
                node ->
                    node.putAttr("dtype", GraphWriter.type(DataType.BYTES))
                        .putAttr("shape", GraphWriter.shape())))
        .constant("names", "weight/.ATTRIBUTES/VARIABLE_VALUE", 1)
        .constant("slices", "", 1)
        .add(
            GraphWriter.node(
                "SaveV2",
                "save",
                node -> node.putAttr("dtypes", GraphWriter.types(DataType.FP32)),
                "prefix",
                "names",
                "slices",
                "value"))
        .add(
            GraphWriter.node(
                "RestoreV2",
                "restored",
                node -> node.putAttr("dtypes", GraphWriter.types(DataType.FP32)),
                "prefix",
                "names",
                "slices"))
        .add(assign("restore_all", "restored"))
        .saver(
            SaverDef.newBuilder()
                .setFilenameTensorName("prefix:0")
                .setSaveTensorName("save")
                .setRestoreOpName("restore_all")
                .setVersion(SaverDef.CheckpointFormatVersion.V2)
                .build());
  }

  private static NodeDef assign(String name, String value) {
    return GraphWriter.node(
        "AssignVariableOp",
        name,
        node -> node.putAttr("dtype", GraphWriter.type(DataType.FP32)),
        "weight",
        value);
  }

  /** Fills the variable and has TensorFlow itself write the checkpoint. */
  static void checkpoint(GraphWriter model, Path folder) throws Exception {
    Files.createDirectories(folder.resolve(PREFIX).getParent());
    TF_Graph graph = tensorflow.TF_NewGraph();
    TF_SessionOptions options = tensorflow.TF_NewSessionOptions();
    TF_ImportGraphDefOptions importing = tensorflow.TF_NewImportGraphDefOptions();
    try (TfStatus status = new TfStatus()) {
      importGraph(model.graph(), graph, importing, status);
      TF_Session session = tensorflow.TF_NewSession(graph, options, status.handle());
      status.check("");
      TF_Tensor prefix = string(folder.resolve(PREFIX).toString());
      run(session, graph, "fill", prefix, status);
      run(session, graph, "save", prefix, status);
      tensorflow.TF_DeleteTensor(prefix);
      tensorflow.TF_DeleteSession(session, status.handle());
    } finally {
      tensorflow.TF_DeleteImportGraphDefOptions(importing);
      tensorflow.TF_DeleteSessionOptions(options);
      tensorflow.TF_DeleteGraph(graph);
    }
  }

  private static void importGraph(
      GraphDef definition, TF_Graph graph, TF_ImportGraphDefOptions options, TfStatus status)
      throws BackendException {
    try (BytePointer bytes = new BytePointer(definition.toByteArray())) {
      TF_Buffer buffer = tensorflow.TF_NewBufferFromString(bytes, definition.getSerializedSize());
      tensorflow.TF_GraphImportGraphDef(graph, buffer, options, status.handle());
      tensorflow.TF_DeleteBuffer(buffer);
      status.check("");
    }
  }

  private static TF_Tensor string(String text) throws BackendException {
    TF_Tensor tensor = Tensors.allocateStrings(new long[0]);
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    try (BytePointer pointer = new BytePointer(bytes)) {
      tensorflow.TF_StringCopy(Tensors.strings(tensor), pointer, bytes.length);
    }
    return tensor;
  }

  private static void run(
      TF_Session session, TF_Graph graph, String target, TF_Tensor prefix, TfStatus status)
      throws BackendException {
    try (TF_Output feed = new TF_Output(1);
        PointerPointer<TF_Tensor> feeds = new PointerPointer<>(1);
        PointerPointer<TF_Operation> targets = new PointerPointer<>(1)) {
      feed.oper(tensorflow.TF_GraphOperationByName(graph, "prefix")).index(0);
      feeds.put(0, prefix);
      targets.put(0, tensorflow.TF_GraphOperationByName(graph, target));
      tensorflow.TF_SessionRun(
          session,
          (TF_Buffer) null,
          feed,
          feeds,
          1,
          (TF_Output) null,
          (PointerPointer<TF_Tensor>) null,
          0,
          targets,
          1,
          (TF_Buffer) null,
          status.handle());
      status.check(target + ": ");
    }
  }
}
