package dev.nereid.backend.tensorflow;

import com.google.protobuf.ByteString;
import dev.nereid.tensor.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SaverDef;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.proto.VersionDef;

/** Writes small SavedModels, operator by operator. */
final class GraphWriter {

  private final GraphDef.Builder graph =
      GraphDef.newBuilder().setVersions(VersionDef.newBuilder().setProducer(1766));
  private final SignatureDef.Builder signature =
      SignatureDef.newBuilder().setMethodName("tensorflow/serving/predict");
  private final MetaGraphDef.Builder meta = MetaGraphDef.newBuilder();
  private String key = "serving_default";
  private List<String> tags = List.of("serve");

  /** An operator; what else it needs is up to {@code more}. */
  static NodeDef node(
      String operator, String name, Consumer<NodeDef.Builder> more, String... inputs) {
    NodeDef.Builder node = NodeDef.newBuilder().setOp(operator).setName(name);
    for (String input : inputs) {
      node.addInput(input);
    }
    more.accept(node);
    return node.build();
  }

  GraphWriter add(NodeDef node) {
    graph.addNode(node);
    return this;
  }

  /** An operator whose one attribute is the type of its tensors. */
  GraphWriter add(String operator, String name, DataType type, String... inputs) {
    return add(node(operator, name, node -> node.putAttr("T", type(type)), inputs));
  }

  GraphWriter add(FunctionDef function) {
    graph.getLibraryBuilder().addFunction(function);
    return this;
  }

  /** A placeholder, and an input of the signature under another name. */
  GraphWriter input(String key, String operation, DataType type, long... shape) {
    add(
        node(
            "Placeholder",
            operation,
            node -> node.putAttr("dtype", type(type)).putAttr("shape", shape(shape))));
    signature.putInputs(key, info(operation + ":0", type, shape));
    return this;
  }

  GraphWriter output(String key, String tensor, DataType type, long... shape) {
    signature.putOutputs(key, info(tensor, type, shape));
    return this;
  }

  /** An output that does not say how many dimensions it has. */
  GraphWriter outputOfUnknownRank(String key, String tensor, DataType type) {
    TensorInfo.Builder info = info(tensor, type).toBuilder();
    info.getTensorShapeBuilder().setUnknownRank(true);
    signature.putOutputs(key, info.build());
    return this;
  }

  /** An output of a type that the server has no name for. */
  GraphWriter outputOfType(String key, String tensor, org.tensorflow.proto.DataType type) {
    signature.putOutputs(key, TensorInfo.newBuilder().setName(tensor).setDtype(type).build());
    return this;
  }

  /** A constant of FP32 values, all the same. */
  GraphWriter constant(String name, float value, long... shape) {
    int count = 1;
    for (long dimension : shape) {
      count *= Math.toIntExact(dimension);
    }
    byte[] raw = new byte[count * Float.BYTES];
    ByteBuffer values = ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
    while (values.hasRemaining()) {
      values.putFloat(value);
    }
    TensorProto tensor =
        TensorProto.newBuilder()
            .setDtype(org.tensorflow.proto.DataType.DT_FLOAT)
            .setTensorShape(shapeProto(shape))
            .setTensorContent(ByteString.copyFrom(raw))
            .build();
    return add(constant(name, DataType.FP32, tensor));
  }

  /** A constant vector of strings, or one string where there is only one. */
  GraphWriter constant(String name, String text, long... shape) {
    TensorProto tensor =
        TensorProto.newBuilder()
            .setDtype(org.tensorflow.proto.DataType.DT_STRING)
            .setTensorShape(shapeProto(shape))
            .addStringVal(ByteString.copyFromUtf8(text))
            .build();
    return add(constant(name, DataType.BYTES, tensor));
  }

  private static NodeDef constant(String name, DataType type, TensorProto tensor) {
    return node(
        "Const",
        name,
        node ->
            node.putAttr("dtype", type(type))
                .putAttr("value", AttrValue.newBuilder().setTensor(tensor).build()));
  }

  GraphWriter saver(SaverDef saver) {
    meta.setSaverDef(saver);
    return this;
  }

  GraphWriter tags(String... others) {
    tags = List.of(others);
    return this;
  }

  GraphWriter key(String other) {
    key = other;
    return this;
  }

  GraphDef graph() {
    return graph.build();
  }

  /** Writes {@code <folder>/saved_model.pb}. */
  void write(Path folder) throws Exception {
    write(folder, this);
  }

  /** The same, of several graphs. */
  static void write(Path folder, GraphWriter... graphs) throws Exception {
    SavedModel.Builder model = SavedModel.newBuilder().setSavedModelSchemaVersion(1);
    for (GraphWriter graph : graphs) {
      model.addMetaGraphs(graph.metaGraph());
    }
    Files.createDirectories(folder);
    Files.write(folder.resolve("saved_model.pb"), model.build().toByteArray());
  }

  private MetaGraphDef metaGraph() {
    meta.setGraphDef(graph).putSignatureDef(key, signature.build());
    meta.getMetaInfoDefBuilder().clearTags().addAllTags(tags);
    return meta.build();
  }

  static AttrValue type(DataType type) {
    return AttrValue.newBuilder().setTypeValue(TfTypes.number(type)).build();
  }

  static AttrValue types(DataType... types) {
    AttrValue.ListValue.Builder list = AttrValue.ListValue.newBuilder();
    for (DataType type : types) {
      list.addTypeValue(TfTypes.number(type));
    }
    return AttrValue.newBuilder().setList(list).build();
  }

  static AttrValue shape(long... shape) {
    return AttrValue.newBuilder().setShape(shapeProto(shape)).build();
  }

  static AttrValue text(String text) {
    return AttrValue.newBuilder().setS(ByteString.copyFromUtf8(text)).build();
  }

  private static TensorInfo info(String tensor, DataType type, long... shape) {
    return TensorInfo.newBuilder()
        .setName(tensor)
        .setDtypeValue(TfTypes.number(type))
        .setTensorShape(shapeProto(shape))
        .build();
  }

  private static TensorShapeProto shapeProto(long... shape) {
    TensorShapeProto.Builder proto = TensorShapeProto.newBuilder();
    for (long dimension : shape) {
      proto.addDim(TensorShapeProto.Dim.newBuilder().setSize(dimension));
    }
    return proto.build();
  }
}
