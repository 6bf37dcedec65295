package dev.nereid.models.onnx;

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
import java.util.List;
import java.util.Random;

/**
 * A residual network that a test can look through: pictures of 8 × 8, a convolution with a batch
 * norm, a residual block, a mean, a dense layer of three outputs.
 */
public final class SmallOnnx {

  private static final int CHANNELS = 4;

  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("small");
  private final Random random = new Random(5);
  private int operatorSet = 17;

  public static ByteString bytes() {
    return new SmallOnnx().network().model().toByteString();
  }

  /** One layer on one row of four numbers. */
  public static ByteString unbatched() {
    SmallOnnx small = new SmallOnnx();
    small.input("x", 4).node("Relu", "y", List.of("x")).output("y", 4);
    small.graph.setInput(0, fixed(small.graph.getInput(0)));
    small.graph.setOutput(0, fixed(small.graph.getOutput(0)));
    return small.model().toByteString();
  }

  private static ValueInfoProto fixed(ValueInfoProto value) {
    ValueInfoProto.Builder builder = value.toBuilder();
    builder
        .getTypeBuilder()
        .getTensorTypeBuilder()
        .getShapeBuilder()
        .getDimBuilder(0)
        .setDimValue(1);
    return builder.build();
  }

  static OnnxFile file() {
    return new OnnxFile(new SmallOnnx().network().model());
  }

  SmallOnnx operatorSet(int version) {
    operatorSet = version;
    return this;
  }

  SmallOnnx network() {
    input("picture", 3, 8, 8);
    weights("stem/kernel", 0.3f, CHANNELS, 3, 3, 3);
    node("Conv", "stem", List.of("picture", "stem/kernel"), ints("pads", 1, 1, 1, 1));
    weights("norm/scale", 1, CHANNELS);
    weights("norm/shift", 1, CHANNELS);
    weights("norm/mean", 20, CHANNELS);
    positive("norm/variance", 4000, CHANNELS);
    node(
        "BatchNormalization",
        "norm",
        List.of("stem", "norm/scale", "norm/shift", "norm/mean", "norm/variance"));
    node("Relu", "relu", List.of("norm"));
    weights("block/kernel", 0.5f, CHANNELS, CHANNELS, 1, 1);
    weights("block/bias", 0.5f, CHANNELS);
    node("Conv", "block", List.of("relu", "block/kernel", "block/bias"));
    node("Add", "sum", List.of("block", "relu"));
    node("Relu", "sum/relu", List.of("sum"));
    node("GlobalAveragePool", "mean", List.of("sum/relu"));
    node("Flatten", "flat", List.of("mean"));
    weights("dense/kernel", 1, CHANNELS, 3);
    weights("dense/bias", 1, 3);
    node("Gemm", "scores", List.of("flat", "dense/kernel", "dense/bias"));
    return output("scores", 3);
  }

  SmallOnnx input(String name, long... shape) {
    graph.addInput(value(name, shape));
    return this;
  }

  SmallOnnx output(String name, long... shape) {
    graph.addOutput(value(name, shape));
    return this;
  }

  SmallOnnx weights(String name, float bound, long... shape) {
    return constant(name, bound, false, shape);
  }

  private void positive(String name, float bound, long... shape) {
    constant(name, bound, true, shape);
  }

  private SmallOnnx constant(String name, float bound, boolean positive, long... shape) {
    int elements = 1;
    for (long dimension : shape) {
      elements *= (int) dimension;
    }
    float[] values = new float[elements];
    for (int i = 0; i < elements; i++) {
      float uniform = random.nextFloat();
      values[i] = positive ? bound * (0.5f + uniform) : bound * (2 * uniform - 1);
    }
    return constant(Tensors.ofFloats(name, shape, values));
  }

  SmallOnnx constant(TensorProto tensor) {
    graph.addInitializer(tensor);
    return this;
  }

  SmallOnnx node(
      String operator, String output, List<String> inputs, AttributeProto... attributes) {
    graph.addNode(
        NodeProto.newBuilder()
            .setOpType(operator)
            .setName(output + "_node")
            .addAllInput(inputs)
            .addOutput(output)
            .addAllAttribute(List.of(attributes)));
    return this;
  }

  ModelProto model() {
    return ModelProto.newBuilder()
        .setIrVersion(8)
        .setGraph(graph)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(operatorSet))
        .build();
  }

  static AttributeProto ints(String name, long... values) {
    AttributeProto.Builder attribute =
        AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS);
    for (long value : values) {
      attribute.addInts(value);
    }
    return attribute.build();
  }

  private static ValueInfoProto value(String name, long... shape) {
    TensorShapeProto.Builder dimensions = TensorShapeProto.newBuilder();
    dimensions.addDimBuilder().setDimParam("N");
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
}
