package dev.nereid.models.tensorflow;

import com.google.protobuf.ByteString;
import dev.nereid.backend.Backend;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.contract.TestBatch;
import dev.nereid.backend.contract.TestRequest;
import dev.nereid.backend.contract.TestTensor;
import dev.nereid.models.TestEngines;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NameAttrList;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SaverDef;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * {@link SmallSavedModel} as TensorFlow 2 writes such a network: the signature calls a function,
 * its weights are variables, and their values lie in a checkpoint.
 */
public final class VariableSavedModel {

  private static final Map<String, String> OUTPUTS =
      Map.of("Relu", "activations", "AddV2", "z", "MatMul", "product", "ReadVariableOp", "value");

  private final MetaGraphDef original;
  private final GraphDef.Builder main = GraphDef.newBuilder();
  private final FunctionDef.Builder body = FunctionDef.newBuilder();
  private final OpDef.Builder function = OpDef.newBuilder().setName("serving_fn");
  private final List<NodeDef> weights = new ArrayList<>();

  private VariableSavedModel(ByteString frozen) throws Exception {
    this.original = SavedModel.parseFrom(frozen).getMetaGraphs(0);
  }

  /** Writes the SavedModel with its checkpoint. */
  public static void write(Path folder) throws Exception {
    VariableSavedModel model = new VariableSavedModel(SmallSavedModel.bytes());
    model.split();
    model.restore();
    Files.createDirectories(folder.resolve("variables"));
    write(
        folder,
        model.main,
        model.original.getSignatureDefOrThrow("serving_default").toBuilder()
            .putOutputs("scores", model.scores("StatefulPartitionedCall:0"))
            .build(),
        SaverDef.newBuilder()
            .setFilenameTensorName("prefix:0")
            .setSaveTensorName("prefix:0")
            .setRestoreOpName("restore_all")
            .setVersion(SaverDef.CheckpointFormatVersion.V2)
            .build());
    model.save(folder.resolve("variables/variables"));
  }

  /** Constants of floats become variables; the rest goes into the function. */
  private void split() {
    AttrValue.ListValue.Builder types = AttrValue.ListValue.newBuilder();
    NodeDef.Builder call =
        node("StatefulPartitionedCall", "StatefulPartitionedCall", "picture")
            .putAttr("Tout", types(1, DataType.DT_FLOAT));
    types.addType(DataType.DT_FLOAT);
    argument("picture", DataType.DT_FLOAT);
    Map<String, String> ops = new HashMap<>();
    original.getGraphDef().getNodeList().forEach(x -> ops.put(x.getName(), x.getOp()));
    for (NodeDef node : original.getGraphDef().getNodeList()) {
      if (node.getOp().equals("Placeholder")) {
        main.addNode(node);
      } else if (isWeight(node)) {
        weights.add(node);
        ops.put(node.getName(), "ReadVariableOp");
        String argument = "argument_" + weights.size();
        argument(argument, DataType.DT_RESOURCE);
        types.addType(DataType.DT_RESOURCE);
        call.addInput(node.getName());
        TensorShapeProto shape = node.getAttrOrThrow("value").getTensor().getTensorShape();
        main.addNode(
            node("VarHandleOp", node.getName())
                .putAttr("dtype", type(DataType.DT_FLOAT))
                .putAttr("shape", AttrValue.newBuilder().setShape(shape).build())
                .putAttr("shared_name", text(node.getName())));
        body.addNodeDef(
            node("ReadVariableOp", node.getName(), argument)
                .putAttr("dtype", type(DataType.DT_FLOAT)));
      } else {
        NodeDef.Builder inner = node.toBuilder().clearInput();
        node.getInputList().forEach(input -> inner.addInput(tensor(input, ops)));
        body.addNodeDef(inner);
      }
    }
    function
        .setIsStateful(true)
        .addOutputArg(OpDef.ArgDef.newBuilder().setName("result").setType(DataType.DT_FLOAT));
    body.setSignature(function).putRet("result", tensor("scores", ops));
    main.getLibraryBuilder().addFunction(body);
    main.addNode(
        call.putAttr("Tin", AttrValue.newBuilder().setList(types).build())
            .putAttr(
                "f",
                AttrValue.newBuilder()
                    .setFunc(NameAttrList.newBuilder().setName("serving_fn"))
                    .build()));
  }

  private static boolean isWeight(NodeDef node) {
    return node.getOp().equals("Const")
        && node.getAttrOrThrow("dtype").getType() == DataType.DT_FLOAT;
  }

  private static String tensor(String input, Map<String, String> ops) {
    String op = ops.getOrDefault(input, "");
    return op.equals("Placeholder")
        ? input
        : input + ":" + OUTPUTS.getOrDefault(op, "output") + ":0";
  }

  private void argument(String name, DataType type) {
    function.addInputArg(OpDef.ArgDef.newBuilder().setName(name).setType(type));
  }

  private void restore() {
    main.addNode(
        node("Placeholder", "prefix")
            .putAttr("dtype", type(DataType.DT_STRING))
            .putAttr(
                "shape", AttrValue.newBuilder().setShape(TensorShapeProto.newBuilder()).build()));
    main.addNode(names()).addNode(slices());
    main.addNode(
        node("RestoreV2", "restored", "prefix", "names", "slices")
            .putAttr("dtypes", types(weights.size(), DataType.DT_FLOAT)));
    NodeDef.Builder all = node("NoOp", "restore_all");
    for (int i = 0; i < weights.size(); i++) {
      main.addNode(
          node("AssignVariableOp", "assign_" + i, weights.get(i).getName(), "restored:" + i)
              .putAttr("dtype", type(DataType.DT_FLOAT)));
      all.addInput("^assign_" + i);
    }
    main.addNode(all);
  }

  /** Has TensorFlow write the checkpoint, by way of a model that does so when it runs. */
  private void save(Path prefix) throws Exception {
    Path version = Files.createTempDirectory("saving");
    NodeDef.Builder save =
        node("SaveV2", "save", "prefix", "names", "slices")
            .putAttr("dtypes", types(weights.size(), DataType.DT_FLOAT));
    weights.forEach(weight -> save.addInput(weight.getName()));
    GraphDef.Builder graph =
        GraphDef.newBuilder()
            .addNode(
                node("Placeholder", "in")
                    .putAttr("dtype", type(DataType.DT_FLOAT))
                    .putAttr("shape", AttrValue.newBuilder().setShape(one()).build()))
            .addNode(strings("prefix", TensorShapeProto.newBuilder(), List.of(prefix.toString())))
            .addNode(names())
            .addNode(slices())
            .addAllNode(weights)
            .addNode(save)
            .addNode(node("Identity", "out", "in", "^save").putAttr("T", type(DataType.DT_FLOAT)));
    TensorInfo.Builder info =
        TensorInfo.newBuilder().setDtype(DataType.DT_FLOAT).setTensorShape(one());
    write(
        version.resolve("model.savedmodel"),
        graph,
        SignatureDef.newBuilder()
            .setMethodName("tensorflow/serving/predict")
            .putInputs("in", info.setName("in:0").build())
            .putOutputs("out", info.setName("out:0").build())
            .build(),
        SaverDef.getDefaultInstance());
    Backend backend = TestEngines.ofClassPath().backend("tensorflow");
    ModelSource source = new ModelSource("saving", 1, version, "model.savedmodel", Map.of());
    ModelSignature signature = backend.inspect(source);
    try (LoadedModel model =
            backend.load(ModelSpec.of(source, 0, signature.inputs(), signature.outputs()));
        ModelInstance instance =
            model.createInstance(new InstanceSpec("saving", InstanceKind.CPU, 0))) {
      TestBatch batch =
          TestBatch.of(new TestRequest("in", TestTensor.fp32(new long[] {1}, new float[] {1})));
      instance.execute(batch);
      batch.assertSound();
    }
  }

  private TensorInfo scores(String tensor) {
    return original
        .getSignatureDefOrThrow("serving_default")
        .getOutputsOrThrow("scores")
        .toBuilder()
        .setName(tensor)
        .build();
  }

  private NodeDef names() {
    return strings("names", ofWeights(), weights.stream().map(NodeDef::getName).toList());
  }

  private NodeDef slices() {
    return strings("slices", ofWeights(), weights.stream().map(weight -> "").toList());
  }

  private TensorShapeProto.Builder ofWeights() {
    return TensorShapeProto.newBuilder()
        .addDim(TensorShapeProto.Dim.newBuilder().setSize(weights.size()));
  }

  private static TensorShapeProto.Builder one() {
    return TensorShapeProto.newBuilder().addDim(TensorShapeProto.Dim.newBuilder().setSize(1));
  }

  private static NodeDef strings(String name, TensorShapeProto.Builder shape, List<String> values) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setDtype(DataType.DT_STRING).setTensorShape(shape);
    values.forEach(value -> tensor.addStringVal(ByteString.copyFromUtf8(value)));
    return node("Const", name)
        .putAttr("dtype", type(DataType.DT_STRING))
        .putAttr("value", AttrValue.newBuilder().setTensor(tensor).build())
        .build();
  }

  private static NodeDef.Builder node(String op, String name, String... inputs) {
    return NodeDef.newBuilder().setOp(op).setName(name).addAllInput(List.of(inputs));
  }

  private static AttrValue type(DataType type) {
    return AttrValue.newBuilder().setType(type).build();
  }

  private static AttrValue types(int count, DataType type) {
    AttrValue.ListValue.Builder list = AttrValue.ListValue.newBuilder();
    for (int i = 0; i < count; i++) {
      list.addType(type);
    }
    return AttrValue.newBuilder().setList(list).build();
  }

  private static AttrValue text(String text) {
    return AttrValue.newBuilder().setS(ByteString.copyFromUtf8(text)).build();
  }

  private static void write(
      Path folder, GraphDef.Builder graph, SignatureDef signature, SaverDef saver)
      throws Exception {
    MetaGraphDef.Builder meta =
        MetaGraphDef.newBuilder()
            .setMetaInfoDef(MetaGraphDef.MetaInfoDef.newBuilder().addTags("serve"))
            .setGraphDef(graph)
            .putSignatureDef("serving_default", signature);
    if (!saver.equals(SaverDef.getDefaultInstance())) {
      meta.setSaverDef(saver);
    }
    graph.getVersionsBuilder().setProducer(1766);
    Files.createDirectories(folder);
    Files.write(
        folder.resolve("saved_model.pb"),
        SavedModel.newBuilder()
            .setSavedModelSchemaVersion(1)
            .addMetaGraphs(meta.setGraphDef(graph))
            .build()
            .toByteArray());
  }
}
