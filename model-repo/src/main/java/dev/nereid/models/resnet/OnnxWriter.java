package dev.nereid.models.resnet;

import com.google.protobuf.ByteString;
import dev.nereid.models.onnx.proto.AttributeProto;
import dev.nereid.models.onnx.proto.GraphProto;
import dev.nereid.models.onnx.proto.ModelProto;
import dev.nereid.models.onnx.proto.NodeProto;
import dev.nereid.models.onnx.proto.OperatorSetIdProto;
import dev.nereid.models.onnx.proto.TensorProto;
import dev.nereid.models.onnx.proto.TensorShapeProto;
import dev.nereid.models.onnx.proto.TypeProto;
import dev.nereid.models.onnx.proto.ValueInfoProto;
import dev.nereid.models.wire.Messages;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.List;

/**
 * A network as ONNX. The input is transposed once, since ONNX puts the channel before height and
 * width; a value has the name of the layer that makes it.
 */
final class OnnxWriter implements NetworkWriter {

  /** Old enough for every ONNX Runtime of the last years, new enough for today's operators. */
  private static final int OPERATOR_SET = 17;

  private static final int IR_VERSION = 8;
  private static final String BATCH = "N";

  private final Weights weights;
  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("resnet50");

  OnnxWriter(Weights weights) {
    this.weights = weights;
  }

  void save(OutputStream output) throws IOException {
    ModelProto model =
        ModelProto.newBuilder()
            .setIrVersion(IR_VERSION)
            .setProducerName("nereid")
            .setGraph(graph)
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(OPERATOR_SET))
            .build();
    Messages.write(model, output);
  }

  @Override
  public String input(String name, int size) {
    graph.addInput(value(name, size, size, 3));
    return node("Transpose", "channels_first", List.of(name), ints("perm", 0, 3, 1, 2));
  }

  @Override
  public String convolution(
      String layer, String input, KernelShape shape, int stride, int padding) {
    ByteString kernel = LittleEndian.outputMajor(weights.kernel(layer, shape), shape);
    String constant =
        constant(
            layer + "/kernel", kernel, shape.outputs(), shape.inputs(), shape.size(), shape.size());
    return node(
        "Conv",
        layer,
        List.of(input, constant),
        ints("kernel_shape", shape.size(), shape.size()),
        ints("strides", stride, stride),
        ints("pads", padding, padding, padding, padding));
  }

  @Override
  public String batchNorm(String layer, String input, int channels, BatchNorm.Role role) {
    BatchNorm norm = weights.batchNorm(layer, channels, role);
    return node(
        "BatchNormalization",
        layer,
        List.of(
            input,
            constant(layer + "/gamma", LittleEndian.floats(norm.gamma()), channels),
            constant(layer + "/beta", LittleEndian.floats(norm.beta()), channels),
            constant(layer + "/moving_mean", LittleEndian.floats(norm.mean()), channels),
            constant(layer + "/moving_variance", LittleEndian.floats(norm.variance()), channels)),
        AttributeProto.newBuilder()
            .setName("epsilon")
            .setType(AttributeProto.AttributeType.FLOAT)
            .setF(BatchNorm.EPSILON)
            .build());
  }

  @Override
  public String relu(String layer, String input) {
    return node("Relu", layer, List.of(input));
  }

  @Override
  public String maxPool(String layer, String input) {
    return node(
        "MaxPool",
        layer,
        List.of(input),
        ints("kernel_shape", 3, 3),
        ints("strides", 2, 2),
        ints("pads", 0, 0, 1, 1));
  }

  @Override
  public String add(String layer, String left, String right) {
    return node("Add", layer, List.of(left, right));
  }

  @Override
  public String globalAverage(String layer, String input) {
    String average = node("GlobalAveragePool", layer + "/mean", List.of(input));
    return node("Flatten", layer, List.of(average), integer("axis", 1));
  }

  @Override
  public String dense(String layer, String input, int inputs, int outputs) {
    return node(
        "Gemm",
        layer,
        List.of(
            input,
            constant(
                layer + "/kernel",
                LittleEndian.floats(weights.dense(layer, inputs, outputs)),
                inputs,
                outputs),
            constant(layer + "/bias", LittleEndian.floats(weights.bias(layer, outputs)), outputs)));
  }

  @Override
  public void softmax(String name, String input, int classes) {
    node("Softmax", name, List.of(input), integer("axis", 1));
    graph.addOutput(value(name, classes));
  }

  private String node(
      String operator, String output, List<String> inputs, AttributeProto... attributes) {
    graph.addNode(
        NodeProto.newBuilder()
            .setOpType(operator)
            .setName(output)
            .addAllInput(inputs)
            .addOutput(output)
            .addAllAttribute(Arrays.asList(attributes)));
    return output;
  }

  private String constant(String name, ByteString data, long... shape) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(TensorProto.DataType.FLOAT_VALUE)
            .setRawData(data);
    for (long dimension : shape) {
      tensor.addDims(dimension);
    }
    graph.addInitializer(tensor);
    return name;
  }

  private static ValueInfoProto value(String name, long... shape) {
    TensorShapeProto.Builder dimensions = TensorShapeProto.newBuilder();
    dimensions.addDimBuilder().setDimParam(BATCH);
    for (long dimension : shape) {
      dimensions.addDimBuilder().setDimValue(dimension);
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder()
                        .setElemType(TensorProto.DataType.FLOAT_VALUE)
                        .setShape(dimensions)))
        .build();
  }

  private static AttributeProto ints(String name, long... values) {
    AttributeProto.Builder attribute =
        AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS);
    for (long value : values) {
      attribute.addInts(value);
    }
    return attribute.build();
  }

  private static AttributeProto integer(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }
}
