package dev.nereid.models.tensorflow;

import com.google.protobuf.ByteString;
import dev.nereid.models.tensorflow.proto.AttrValue;
import dev.nereid.models.tensorflow.proto.DataType;
import dev.nereid.models.tensorflow.proto.GraphDef;
import dev.nereid.models.tensorflow.proto.MetaGraphDef;
import dev.nereid.models.tensorflow.proto.NodeDef;
import dev.nereid.models.tensorflow.proto.SavedModel;
import dev.nereid.models.tensorflow.proto.SignatureDef;
import dev.nereid.models.tensorflow.proto.TensorInfo;
import dev.nereid.models.tensorflow.proto.TensorShapeProto;
import dev.nereid.models.tensorflow.proto.VersionDef;
import java.util.List;
import java.util.Random;

/**
 * A residual network that a test can look through: pictures of 8 × 8, a convolution that doubles
 * the first three channels and takes the first from zero for a fourth, a residual block, a mean, a
 * dense layer of three outputs.
 */
public final class SmallSavedModel {

  private final GraphDef.Builder graph =
      GraphDef.newBuilder().setVersions(VersionDef.newBuilder().setProducer(134));
  private final SignatureDef.Builder signature =
      SignatureDef.newBuilder().setMethodName("tensorflow/serving/predict");
  private final Random random = new Random(5);

  public static ByteString bytes() {
    return new SmallSavedModel().network().model().toByteString();
  }

  /** With a variable that nothing reads, and noise on the scores that nothing foretells. */
  public static ByteString bytesWithNoise() {
    return new SmallSavedModel()
        .network()
        .node(
            NodeDef.newBuilder()
                .setName("variable")
                .setOp("VarHandleOp")
                .putAttr("dtype", type(DataType.DT_FLOAT))
                .putAttr("shape", AttrValue.newBuilder().setShape(batchOf()).build()))
        .node(
            NodeDef.newBuilder()
                .setName("shape")
                .setOp("Shape")
                .addInput("scores")
                .putAttr("T", type(DataType.DT_FLOAT)))
        .node(
            NodeDef.newBuilder()
                .setName("noise")
                .setOp("RandomUniform")
                .addInput("shape")
                .putAttr("T", type(DataType.DT_INT32))
                .putAttr("dtype", type(DataType.DT_FLOAT)))
        .node(floats("AddV2", "noisy", "scores", "noise"))
        .output("noisy", 3)
        .model()
        .toByteString();
  }

  static SavedModelFile file() throws Exception {
    return SavedModelFile.parse(bytes());
  }

  SmallSavedModel network() {
    input("picture", 8, 8, 3);
    node(Constants.of("stem/kernel", new long[] {1, 1, 3, 4}, 2, 0, 0, -1, 0, 2, 0, 0, 0, 0, 2, 0));
    node(convolution("stem", "picture", "stem/kernel"));
    node(floats("Relu", "relu", "stem"));
    weights("block/kernel", 0.5f, 1, 1, 4, 4);
    weights("block/bias", 5, 4);
    node(convolution("block", "relu", "block/kernel"));
    node(floats("BiasAdd", "block/biased", "block", "block/bias"));
    node(floats("AddV2", "sum", "block/biased", "relu"));
    node(floats("Relu", "sum/relu", "sum"));
    axes("axes");
    node(
        floats("Mean", "mean", "sum/relu", "axes")
            .putAttr("Tidx", type(DataType.DT_INT32))
            .putAttr("keep_dims", AttrValue.newBuilder().setB(false).build()));
    weights("dense/kernel", 1, 4, 3);
    node(floats("MatMul", "scores", "mean", "dense/kernel"));
    return output("scores", 3);
  }

  SmallSavedModel node(NodeDef.Builder node) {
    graph.addNode(node);
    return this;
  }

  private void node(NodeDef node) {
    graph.addNode(node);
  }

  SmallSavedModel input(String name, long... shape) {
    graph.addNode(
        NodeDef.newBuilder()
            .setName(name)
            .setOp("Placeholder")
            .putAttr("dtype", type(DataType.DT_FLOAT))
            .putAttr("shape", AttrValue.newBuilder().setShape(batchOf(shape)).build()));
    signature.putInputs(name, info(name, shape));
    return this;
  }

  SmallSavedModel output(String name, long... shape) {
    signature.putOutputs(name, info(name, shape));
    return this;
  }

  private void weights(String name, float bound, long... shape) {
    int elements = 1;
    for (long dimension : shape) {
      elements *= (int) dimension;
    }
    float[] values = new float[elements];
    for (int i = 0; i < elements; i++) {
      values[i] = bound * (2 * random.nextFloat() - 1);
    }
    node(Constants.of(name, shape, values));
  }

  private void axes(String name) {
    NodeDef.Builder node = Constants.of(name, new long[] {2}, 0, 0).toBuilder();
    AttrValue.Builder value = node.getAttrOrThrow("value").toBuilder();
    value
        .getTensorBuilder()
        .setDtype(DataType.DT_INT32)
        .setTensorContent(ByteString.copyFrom(new byte[] {1, 0, 0, 0, 2, 0, 0, 0}));
    node(node.putAttr("value", value.build()).putAttr("dtype", type(DataType.DT_INT32)));
  }

  static NodeDef.Builder convolution(String name, String input, String kernel) {
    AttrValue ones =
        AttrValue.newBuilder()
            .setList(AttrValue.ListValue.newBuilder().addAllI(List.of(1L, 1L, 1L, 1L)))
            .build();
    return floats("Conv2D", name, input, kernel)
        .putAttr("strides", ones)
        .putAttr("padding", AttrValue.newBuilder().setS(ByteString.copyFromUtf8("SAME")).build());
  }

  static NodeDef.Builder floats(String op, String name, String... inputs) {
    return NodeDef.newBuilder()
        .setName(name)
        .setOp(op)
        .addAllInput(List.of(inputs))
        .putAttr("T", type(DataType.DT_FLOAT));
  }

  static AttrValue type(DataType type) {
    return AttrValue.newBuilder().setType(type).build();
  }

  private static TensorShapeProto batchOf(long... shape) {
    TensorShapeProto.Builder dimensions = TensorShapeProto.newBuilder();
    dimensions.addDimBuilder().setSize(-1);
    for (long dimension : shape) {
      dimensions.addDimBuilder().setSize(dimension);
    }
    return dimensions.build();
  }

  private static TensorInfo info(String name, long... shape) {
    return TensorInfo.newBuilder()
        .setName(name + ":0")
        .setDtype(DataType.DT_FLOAT)
        .setTensorShape(batchOf(shape))
        .build();
  }

  SavedModel model() {
    return SavedModel.newBuilder()
        .setSavedModelSchemaVersion(1)
        .addMetaGraphs(
            MetaGraphDef.newBuilder()
                .setMetaInfoDef(MetaGraphDef.MetaInfoDef.newBuilder().addTags("serve"))
                .setGraphDef(graph)
                .putSignatureDef("serving_default", signature.build()))
        .build();
  }
}
