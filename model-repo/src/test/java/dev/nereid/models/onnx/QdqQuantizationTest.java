package dev.nereid.models.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.protobuf.ByteString;
import dev.nereid.models.TestEngines;
import dev.nereid.models.onnx.proto.AttributeProto;
import dev.nereid.models.onnx.proto.GraphProto;
import dev.nereid.models.onnx.proto.NodeProto;
import dev.nereid.models.onnx.proto.TensorProto;
import dev.nereid.models.quantize.Network;
import dev.nereid.models.quantize.NetworkAnswers;
import dev.nereid.models.quantize.Pictures;
import dev.nereid.models.quantize.PixelScale;
import dev.nereid.models.quantize.Quantizer;
import dev.nereid.models.quantize.Range;
import dev.nereid.models.quantize.RangeMethod;
import dev.nereid.models.quantize.UnsupportedNetworkException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class QdqQuantizationTest {

  @Test
  void aFoldedBatchNormComputesTheSame() throws Exception {
    OnnxFile folded = BatchNormFolding.of(SmallOnnx.file());
    assertThat(operators(folded.graph())).doesNotContain("BatchNormalization");
    assertThat(folded.graph().getInitializerList())
        .extracting(TensorProto::getName)
        .doesNotContain("stem/kernel", "norm/mean");
    float[] before = NetworkAnswers.of(SmallOnnx.file(), PixelScale.NONE, "scores");
    float[] after = NetworkAnswers.of(folded, PixelScale.NONE, "scores");
    assertThat(after).containsExactly(before, within(1e-4f));
  }

  @Test
  void aBatchNormWhoseConvolutionSomebodyElseReadsStays() throws Exception {
    SmallOnnx network = new SmallOnnx().network().output("stem", 4, 8, 8);
    OnnxFile folded = BatchNormFolding.of(new OnnxFile(network.model()));
    assertThat(operators(folded.graph())).contains("BatchNormalization");
  }

  @Test
  void tensorRtGetsSymmetricPairsBeforeWeightedLayersAndOnTheShortcutAlone() throws Exception {
    GraphProto graph = quantize(QdqScheme.TENSORRT);
    assertThat(inputsOf(graph, "Conv").get(0)).startsWith("picture_dequantized", "norm/kernel_");
    assertThat(inputsOf(graph, "Add")).containsExactly(List.of("block", "relu_dequantized"));
    assertThat(inputsOf(graph, "GlobalAveragePool"))
        .containsExactly(List.of("sum/relu_dequantized"));
    assertThat(inputsOf(graph, "Gemm").get(0)).startsWith("flat_dequantized");
    assertThat(tensor(graph, "relu_zero_point").getDataType())
        .isEqualTo(TensorProto.DataType.INT8_VALUE);
    assertThat(tensor(graph, "relu_zero_point").getRawData().byteAt(0)).isZero();
    assertThat(Tensors.floats(tensor(graph, "relu_scale"))).containsExactly(3f / 127);
  }

  @Test
  void weightsAreIntegersWithAScaleForEachOutputChannelAndBiasesStayFloats() throws Exception {
    GraphProto graph = quantize(QdqScheme.TENSORRT);
    TensorProto kernel = tensor(graph, "block/kernel_quantized");
    assertThat(kernel.getDataType()).isEqualTo(TensorProto.DataType.INT8_VALUE);
    assertThat(kernel.getDimsList()).containsExactly(4L, 4L, 1L, 1L);
    assertThat(Tensors.floats(tensor(graph, "block/kernel_scale"))).hasSize(4);
    assertThat(inputsOf(graph, "Conv").get(1)).endsWith("block/bias");
    assertThat(graph.getInitializerList())
        .extracting(TensorProto::getName)
        .doesNotContain("block/kernel", "dense/kernel");
  }

  @Test
  void aProductsWeightsAreTurnedSoThatOutputChannelsComeFirst() throws Exception {
    GraphProto graph = quantize(QdqScheme.TENSORRT);
    assertThat(tensor(graph, "dense/kernel_quantized").getDimsList()).containsExactly(3L, 4L);
    NodeProto gemm = nodes(graph, "Gemm").get(0);
    assertThat(Attributes.integer(gemm, "transB", 0)).isEqualTo(1);
  }

  @Test
  void onnxRuntimeGetsUnsignedActivationsOnEverySideAndIntegerBiases() throws Exception {
    GraphProto graph = quantize(QdqScheme.ONNX_RUNTIME);
    assertThat(inputsOf(graph, "Add"))
        .containsExactly(List.of("block_dequantized", "relu_dequantized"));
    assertThat(inputsOf(graph, "Conv").get(1)).endsWith("block/bias_dequantized");
    assertThat(tensor(graph, "block/bias_quantized").getDataType())
        .isEqualTo(TensorProto.DataType.INT32_VALUE);
    assertThat(tensor(graph, "picture_zero_point").getDataType())
        .isEqualTo(TensorProto.DataType.UINT8_VALUE);
    // -2 to 3 in 255 steps.
    assertThat(tensor(graph, "relu_zero_point").getRawData().byteAt(0)).isEqualTo((byte) 102);
    // A flattened mean has the mean's scale, since nothing changes in between.
    assertThat(tensor(graph, "flat_scale").getRawData())
        .isEqualTo(tensor(graph, "mean_scale").getRawData());
  }

  @Test
  void tensorRt8GetsFloatWeightsThatAnotherNodeMakesIntegersOf() throws Exception {
    GraphProto graph = quantize(QdqScheme.TENSORRT_8);
    assertThat(tensor(graph, "block/kernel_rounded").getDataType())
        .isEqualTo(TensorProto.DataType.FLOAT_VALUE);
    assertThat(inputsOf(graph, "QuantizeLinear"))
        .anySatisfy(inputs -> assertThat(inputs).startsWith("block/kernel_rounded"));
  }

  @ParameterizedTest
  @EnumSource(QdqScheme.class)
  void theQuantisedNetworkRunsOnOnnxRuntimeAndStaysClose(QdqScheme scheme) throws Exception {
    Quantizer.Result result = quantized(SmallOnnx.file(), scheme);
    double bound = 0.05 * result.report().agreement().largestValue();
    assertThat(result.report().agreement().largestDifference()).isBetween(1e-9, bound);
    assertThat(result.report().agreement().pictures()).isEqualTo(4);
    assertThat(result.report().weightedLayers()).isEqualTo(3);
  }

  @ParameterizedTest
  @EnumSource(QdqScheme.class)
  void theSameNetworkAndPicturesGiveTheSameBytes(QdqScheme scheme) throws Exception {
    assertThat(bytes(quantized(SmallOnnx.file(), scheme).network()))
        .isEqualTo(bytes(quantized(SmallOnnx.file(), scheme).network()));
  }

  @Test
  void pixelsOfEightBitsAreScaledInTheGraph() throws Exception {
    PixelScale scale = new PixelScale(new float[] {120, 110, 100}, new float[] {50, 60, 70});
    Network ofPixels = SmallOnnx.file().withPixels("picture", true, scale);
    float[] fromFloats = NetworkAnswers.of(SmallOnnx.file(), scale, "scores");
    assertThat(NetworkAnswers.ofPixels(ofPixels, "scores"))
        .containsExactly(fromFloats, within(1e-4f));
    assertThatThrownBy(() -> ofPixels.withPixels("picture", true, scale))
        .isInstanceOf(UnsupportedNetworkException.class)
        .hasMessageContaining("'picture'");
  }

  @Test
  void operatorsThatStandInTheWayAreNamed() {
    refuses(
        new SmallOnnx().network().node("QuantizeLinear", "q", List.of("relu")),
        "op 'QuantizeLinear' (node 'q_node'): the graph is quantised already");
    AttributeProto branch =
        AttributeProto.newBuilder()
            .setName("then_branch")
            .setType(AttributeProto.AttributeType.GRAPH)
            .build();
    refuses(
        new SmallOnnx().network().node("If", "if", List.of("relu"), branch),
        "op 'If' (node 'if_node'): has a graph of its own");
    refuses(new SmallOnnx().network().operatorSet(11), "opset: 11 (expected: >= 13");
    refuses(
        new SmallOnnx().input("x", 4).node("Relu", "y", List.of("x")).output("y", 4),
        "graph: no layer to quantise (expected: a Conv, Gemm or MatMul by constant weights)");
    TensorProto halves =
        TensorProto.newBuilder().setName("w").setDataType(10).addDims(4).addDims(4).build();
    refuses(
        new SmallOnnx().input("x", 4).constant(halves).node("MatMul", "y", List.of("x", "w")),
        "op 'MatMul' (node 'y_node'): weights of ONNX's type 10 (expected: 1, FLOAT)");
  }

  @Test
  void weightsInOtherFilesAreRefused() {
    TensorProto elsewhere =
        TensorProto.newBuilder()
            .setName("w")
            .setDataLocation(TensorProto.DataLocation.EXTERNAL)
            .build();
    ByteString contents = new SmallOnnx().network().constant(elsewhere).model().toByteString();
    assertThatThrownBy(() -> OnnxFile.parse(contents))
        .isInstanceOf(UnsupportedNetworkException.class)
        .hasMessageContaining("initializer 'w': lies in a file of its own");
  }

  private static void refuses(SmallOnnx network, String message) {
    assertThatThrownBy(() -> new QdqQuantization(new OnnxFile(network.model()), QdqScheme.TENSORRT))
        .isInstanceOf(UnsupportedNetworkException.class)
        .hasMessageContaining(message);
  }

  /** Every range from -2 to 3, so that scales can be computed by hand. */
  private static GraphProto quantize(QdqScheme scheme) throws Exception {
    QdqQuantization quantization = new QdqQuantization(SmallOnnx.file(), scheme);
    Map<String, Range> ranges =
        quantization.measured().stream()
            .collect(Collectors.toMap(tensor -> tensor, tensor -> new Range(-2, 3)));
    return ((OnnxFile) quantization.quantized(ranges)).graph();
  }

  private static Quantizer.Result quantized(OnnxFile file, QdqScheme scheme) throws Exception {
    return new Quantizer(TestEngines.ofClassPath(), PixelScale.NONE, RangeMethod.MINMAX, line -> {})
        .quantize(file, new QdqQuantization(file, scheme), Pictures.corpus(8));
  }

  private static ByteString bytes(Network network) throws IOException {
    ByteString.Output output = ByteString.newOutput();
    network.write(output);
    return output.toByteString();
  }

  private static List<String> operators(GraphProto graph) {
    return graph.getNodeList().stream().map(NodeProto::getOpType).toList();
  }

  private static List<NodeProto> nodes(GraphProto graph, String operator) {
    return graph.getNodeList().stream().filter(node -> node.getOpType().equals(operator)).toList();
  }

  private static List<List<String>> inputsOf(GraphProto graph, String operator) {
    return nodes(graph, operator).stream()
        .map(
            node ->
                IntStream.range(0, node.getInputCount())
                    .mapToObj(node::getInput)
                    .map(input -> input.startsWith("norm/kernel") ? "norm/kernel_" : input)
                    .toList())
        .toList();
  }

  private static TensorProto tensor(GraphProto graph, String name) {
    return graph.getInitializerList().stream()
        .filter(tensor -> tensor.getName().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError(name));
  }
}
