package dev.nereid.models.resnet;

import com.google.protobuf.ByteString;
import dev.nereid.models.tensorflow.proto.AttrValue;
import dev.nereid.models.tensorflow.proto.DataType;
import dev.nereid.models.tensorflow.proto.GraphDef;
import dev.nereid.models.tensorflow.proto.MetaGraphDef;
import dev.nereid.models.tensorflow.proto.NodeDef;
import dev.nereid.models.tensorflow.proto.SavedModel;
import dev.nereid.models.tensorflow.proto.SignatureDef;
import dev.nereid.models.tensorflow.proto.TensorInfo;
import dev.nereid.models.tensorflow.proto.TensorProto;
import dev.nereid.models.tensorflow.proto.TensorShapeProto;
import dev.nereid.models.tensorflow.proto.VersionDef;
import dev.nereid.models.wire.Messages;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/**
 * A network as a frozen TensorFlow graph: every weight is a constant, and there is no {@code
 * variables} folder. A value has the name of the layer that makes it.
 *
 * <p>TensorFlow's own {@code SAME} padding puts the odd zero below and to the right, ONNX's and
 * PyTorch's symmetric padding does not; where that makes a difference the zeros are written out as
 * a {@code Pad} of their own.
 */
final class SavedModelWriter implements NetworkWriter {

  /** Of TensorFlow 1.15: everything here is older, and every TensorFlow 2 reads it. */
  private static final int GRAPH_VERSION = 134;

  private static final int UNKNOWN = -1;

  private final Weights weights;
  private final GraphDef.Builder graph =
      GraphDef.newBuilder().setVersions(VersionDef.newBuilder().setProducer(GRAPH_VERSION));
  private final SignatureDef.Builder signature =
      SignatureDef.newBuilder().setMethodName("tensorflow/serving/predict");

  SavedModelWriter(Weights weights) {
    this.weights = weights;
  }

  void save(OutputStream output) throws IOException {
    SavedModel model =
        SavedModel.newBuilder()
            .setSavedModelSchemaVersion(1)
            .addMetaGraphs(
                MetaGraphDef.newBuilder()
                    .setMetaInfoDef(
                        MetaGraphDef.MetaInfoDef.newBuilder()
                            .addTags("serve")
                            .setTensorflowVersion("1.15.0"))
                    .setGraphDef(graph)
                    .putSignatureDef("serving_default", signature.build()))
            .build();
    Messages.write(model, output);
  }

  @Override
  public String input(String name, int size) {
    TensorShapeProto shape = shape(UNKNOWN, size, size, 3);
    graph.addNode(
        NodeDef.newBuilder()
            .setName(name)
            .setOp("Placeholder")
            .putAttr("dtype", type(DataType.DT_FLOAT))
            .putAttr("shape", AttrValue.newBuilder().setShape(shape).build()));
    signature.putInputs(name, tensorInfo(name, shape));
    return name;
  }

  @Override
  public String convolution(
      String layer, String input, KernelShape shape, int stride, int padding) {
    boolean keepsSize = stride == 1 && 2 * padding == shape.size() - 1;
    String padded = padding == 0 || keepsSize ? input : pad(layer + "/pad", input, padding);
    String kernel =
        constant(
            layer + "/kernel",
            DataType.DT_FLOAT,
            LittleEndian.floats(weights.kernel(layer, shape)),
            shape.size(),
            shape.size(),
            shape.inputs(),
            shape.outputs());
    graph.addNode(
        floatNode("Conv2D", layer, padded, kernel)
            .putAttr("strides", ints(1, stride, stride, 1))
            .putAttr("dilations", ints(1, 1, 1, 1))
            .putAttr("padding", text(keepsSize ? "SAME" : "VALID"))
            .putAttr("data_format", text("NHWC")));
    return layer;
  }

  private String pad(String layer, String input, int padding) {
    String sides =
        constant(
            layer + "/paddings",
            DataType.DT_INT32,
            LittleEndian.ints(0, 0, padding, padding, padding, padding, 0, 0),
            4,
            2);
    graph.addNode(
        floatNode("Pad", layer, input, sides).putAttr("Tpaddings", type(DataType.DT_INT32)));
    return layer;
  }

  @Override
  public String batchNorm(String layer, String input, int channels, BatchNorm.Role role) {
    BatchNorm norm = weights.batchNorm(layer, channels, role);
    graph.addNode(
        floatNode(
                "FusedBatchNormV3",
                layer,
                input,
                vector(layer + "/gamma", norm.gamma()),
                vector(layer + "/beta", norm.beta()),
                vector(layer + "/moving_mean", norm.mean()),
                vector(layer + "/moving_variance", norm.variance()))
            .putAttr("U", type(DataType.DT_FLOAT))
            .putAttr("epsilon", AttrValue.newBuilder().setF(BatchNorm.EPSILON).build())
            .putAttr("data_format", text("NHWC"))
            .putAttr("is_training", bool(false)));
    return layer;
  }

  @Override
  public String relu(String layer, String input) {
    graph.addNode(floatNode("Relu", layer, input));
    return layer;
  }

  @Override
  public String maxPool(String layer, String input) {
    graph.addNode(
        floatNode("MaxPool", layer, input)
            .putAttr("ksize", ints(1, 3, 3, 1))
            .putAttr("strides", ints(1, 2, 2, 1))
            .putAttr("padding", text("SAME"))
            .putAttr("data_format", text("NHWC")));
    return layer;
  }

  @Override
  public String add(String layer, String left, String right) {
    graph.addNode(floatNode("AddV2", layer, left, right));
    return layer;
  }

  @Override
  public String globalAverage(String layer, String input) {
    String axes = constant(layer + "/axes", DataType.DT_INT32, LittleEndian.ints(1, 2), 2);
    graph.addNode(
        floatNode("Mean", layer, input, axes)
            .putAttr("Tidx", type(DataType.DT_INT32))
            .putAttr("keep_dims", bool(false)));
    return layer;
  }

  @Override
  public String dense(String layer, String input, int inputs, int outputs) {
    String kernel =
        constant(
            layer + "/kernel",
            DataType.DT_FLOAT,
            LittleEndian.floats(weights.dense(layer, inputs, outputs)),
            inputs,
            outputs);
    graph.addNode(
        floatNode("MatMul", layer + "/matmul", input, kernel)
            .putAttr("transpose_a", bool(false))
            .putAttr("transpose_b", bool(false)));
    String bias = vector(layer + "/bias", weights.bias(layer, outputs));
    graph.addNode(
        floatNode("BiasAdd", layer, layer + "/matmul", bias).putAttr("data_format", text("NHWC")));
    return layer;
  }

  @Override
  public void softmax(String name, String input, int classes) {
    graph.addNode(floatNode("Softmax", name, input));
    signature.putOutputs(name, tensorInfo(name, shape(UNKNOWN, classes)));
  }

  private static NodeDef.Builder floatNode(String operator, String name, String... inputs) {
    return NodeDef.newBuilder()
        .setName(name)
        .setOp(operator)
        .addAllInput(Arrays.asList(inputs))
        .putAttr("T", type(DataType.DT_FLOAT));
  }

  private String vector(String name, float[] values) {
    return constant(name, DataType.DT_FLOAT, LittleEndian.floats(values), values.length);
  }

  private String constant(String name, DataType dataType, ByteString content, long... dimensions) {
    TensorProto tensor =
        TensorProto.newBuilder()
            .setDtype(dataType)
            .setTensorShape(shape(dimensions))
            .setTensorContent(content)
            .build();
    graph.addNode(
        NodeDef.newBuilder()
            .setName(name)
            .setOp("Const")
            .putAttr("dtype", type(dataType))
            .putAttr("value", AttrValue.newBuilder().setTensor(tensor).build()));
    return name;
  }

  private static TensorInfo tensorInfo(String node, TensorShapeProto shape) {
    return TensorInfo.newBuilder()
        .setName(node + ":0")
        .setDtype(DataType.DT_FLOAT)
        .setTensorShape(shape)
        .build();
  }

  private static TensorShapeProto shape(long... dimensions) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (long dimension : dimensions) {
      shape.addDimBuilder().setSize(dimension);
    }
    return shape.build();
  }

  private static AttrValue type(DataType dataType) {
    return AttrValue.newBuilder().setType(dataType).build();
  }

  private static AttrValue text(String value) {
    return AttrValue.newBuilder().setS(ByteString.copyFromUtf8(value)).build();
  }

  private static AttrValue bool(boolean value) {
    return AttrValue.newBuilder().setB(value).build();
  }

  private static AttrValue ints(long... values) {
    AttrValue.ListValue.Builder list = AttrValue.ListValue.newBuilder();
    for (long value : values) {
      list.addI(value);
    }
    return AttrValue.newBuilder().setList(list).build();
  }
}
