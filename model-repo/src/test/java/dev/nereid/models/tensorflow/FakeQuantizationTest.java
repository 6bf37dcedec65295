package dev.nereid.models.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.protobuf.ByteString;
import dev.nereid.models.TestEngines;
import dev.nereid.models.quantize.Network;
import dev.nereid.models.quantize.NetworkAnswers;
import dev.nereid.models.quantize.Pictures;
import dev.nereid.models.quantize.PixelScale;
import dev.nereid.models.quantize.Quantizer;
import dev.nereid.models.quantize.Range;
import dev.nereid.models.quantize.RangeMethod;
import dev.nereid.models.quantize.UnsupportedNetworkException;
import dev.nereid.models.tensorflow.proto.DataType;
import dev.nereid.models.tensorflow.proto.NodeDef;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FakeQuantizationTest {

  @Test
  void rangesAreThoseOfTheValuesThatTensorsTook() throws Exception {
    byte[] picture = new byte[8 * 8 * 3];
    Arrays.fill(picture, (byte) 10);
    picture[0] = 100;
    Map<String, Range> ranges =
        quantized(
                input ->
                    new Pictures("two", List.of(picture, picture), List.of(picture), List.of()))
            .report()
            .ranges();
    assertThat(ranges).containsEntry("picture", new Range(0, 100));
    // The first three channels doubled; the fourth, the first from zero, is cut off by the ReLU.
    assertThat(ranges).containsEntry("relu", new Range(0, 200));
    assertThat(ranges).containsOnlyKeys("picture", "relu", "block/biased", "sum/relu", "mean");
  }

  @Test
  void aSymmetricRangeStandsBehindEveryTensorThatAnEightBitLayerReadsOrMakes() throws Exception {
    Map<String, NodeDef> nodes = nodes(quantize());
    assertThat(input(nodes, "stem", 0)).isEqualTo("picture/quantized");
    assertThat(input(nodes, "relu", 0)).isEqualTo("stem");
    assertThat(input(nodes, "block", 0)).isEqualTo("relu/quantized");
    assertThat(node(nodes, "sum").getInputList())
        .containsExactly("block/biased/quantized", "relu/quantized");
    assertThat(input(nodes, "mean", 0)).isEqualTo("sum/relu/quantized");
    assertThat(input(nodes, "scores", 0)).isEqualTo("mean/quantized");
    assertThat(nodes).doesNotContainKey("scores/quantized");
    NodeDef quantized = node(nodes, "relu/quantized");
    assertThat(quantized.getOp()).isEqualTo("FakeQuantWithMinMaxVars");
    assertThat(quantized.getInputList())
        .containsExactly("relu", "relu/quantized/min", "relu/quantized/max");
    assertThat(quantized.getAttrOrThrow("num_bits").getI()).isEqualTo(8);
    assertThat(quantized.getAttrOrThrow("narrow_range").getB()).isTrue();
    assertThat(Constants.floats(node(nodes, "relu/quantized/min"))).containsExactly(-3);
    assertThat(Constants.floats(node(nodes, "relu/quantized/max"))).containsExactly(3);
  }

  @Test
  void weightsOfConvolutionsLieOnTheGridThatTensorRtMakesOfThem() throws Exception {
    NodeDef before = nodes(SmallSavedModel.file()).get("block/kernel");
    float[] weights = Constants.floats(Objects.requireNonNull(before));
    float[] rounded = Constants.floats(node(nodes(quantize()), "block/kernel"));
    float greatest = 0;
    for (int i = 0; i < 16; i += 4) {
      greatest = Math.max(greatest, Math.abs(weights[i]));
    }
    for (int i = 0; i < 16; i += 4) {
      float steps = rounded[i] / (greatest / 127);
      assertThat(steps).isCloseTo(Math.round(steps), within(1e-3f));
      assertThat(rounded[i]).isCloseTo(weights[i], within(greatest / 254 * 1.001f));
    }
    // What the last product makes has no range, and stays in floating point.
    assertThat(Constants.floats(node(nodes(quantize()), "dense/kernel")))
        .isEqualTo(Constants.floats(node(nodes(SmallSavedModel.file()), "dense/kernel")));
  }

  @Test
  void theQuantisedGraphRunsOnTensorFlowAndStaysClose() throws Exception {
    Quantizer.Result result = quantized(Pictures.corpus(8));
    double bound = 0.05 * result.report().agreement().largestValue();
    assertThat(result.report().agreement().largestDifference()).isBetween(1e-9, bound);
    assertThat(result.report().weightedLayers()).isEqualTo(3);
    assertThat(result.report().engine()).isEqualTo("tensorflow");
  }

  @Test
  void theSameGraphAndPicturesGiveTheSameBytes() throws Exception {
    assertThat(bytes(quantized(Pictures.corpus(4)).network()))
        .isEqualTo(bytes(quantized(Pictures.corpus(4)).network()));
  }

  @Test
  void pixelsOfEightBitsAreScaledInTheGraph() throws Exception {
    PixelScale scale = new PixelScale(new float[] {120, 110, 100}, new float[] {50, 60, 70});
    Network ofPixels = SmallSavedModel.file().withPixels("picture", false, scale);
    float[] fromFloats = NetworkAnswers.of(SmallSavedModel.file(), scale, "scores");
    assertThat(NetworkAnswers.ofPixels(ofPixels, "scores"))
        .containsExactly(fromFloats, within(1e-4f));
    assertThatThrownBy(() -> ofPixels.withPixels("picture", false, scale))
        .isInstanceOf(UnsupportedNetworkException.class)
        .hasMessageContaining("'picture'");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ReadVariableOp", "StatefulPartitionedCall", "While", "Switch"})
  void whatHidesWeightsOrLayersIsNamed(String op) throws Exception {
    SmallSavedModel network =
        new SmallSavedModel().network().node(SmallSavedModel.floats(op, "it", "relu"));
    assertThatThrownBy(() -> new FakeQuantization(parsed(network)))
        .isInstanceOf(UnsupportedNetworkException.class)
        .hasMessageContaining("op '" + op + "' (node 'it')")
        .hasMessageContaining("(expected: a frozen graph");
  }

  @Test
  void otherGraphsThatCannotBeQuantisedAreRefusedWithTheReason() {
    refuses(
        new SmallSavedModel()
            .network()
            .node(SmallSavedModel.floats("FakeQuantWithMinMaxVars", "fq", "relu")),
        "op 'FakeQuantWithMinMaxVars' (node 'fq'): the graph has ranges already");
    refuses(
        new SmallSavedModel()
            .input("x", 4)
            .node(SmallSavedModel.floats("Relu", "y", "x"))
            .output("y", 4),
        "graph: no layer to quantise");
    refuses(
        new SmallSavedModel().network().node(SmallSavedModel.floats("Relu", "y", "nowhere")),
        "node 'nowhere': is read and not there");
    refuses(
        new SmallSavedModel()
            .network()
            .node(SmallSavedModel.floats("Relu", "a", "b"))
            .node(SmallSavedModel.floats("Relu", "b", "a")),
        "(expected: a graph without loops)");
    refuses(
        new SmallSavedModel()
            .network()
            .node(
                SmallSavedModel.convolution("half", "relu", "block/kernel")
                    .putAttr("T", SmallSavedModel.type(DataType.DT_INT32))),
        "op 'Conv2D' (node 'half'): T DT_INT32 (expected: DT_FLOAT)");
  }

  @Test
  void aFileWithoutWhatServersPickIsRefused() {
    assertThatThrownBy(() -> SavedModelFile.parse(ByteString.EMPTY))
        .isInstanceOf(UnsupportedNetworkException.class)
        .hasMessage("tags: no graph with 'serve' (expected: one)");
  }

  private static void refuses(SmallSavedModel network, String message) {
    assertThatThrownBy(() -> new FakeQuantization(parsed(network)))
        .isInstanceOf(UnsupportedNetworkException.class)
        .hasMessageContaining(message);
  }

  private static SavedModelFile parsed(SmallSavedModel network) throws Exception {
    return SavedModelFile.parse(network.model().toByteString());
  }

  private static SavedModelFile quantize() throws Exception {
    FakeQuantization quantization = new FakeQuantization(SmallSavedModel.file());
    Map<String, Range> ranges =
        quantization.measured().stream()
            .collect(Collectors.toMap(tensor -> tensor, tensor -> new Range(-1, 3)));
    return (SavedModelFile) quantization.quantized(ranges);
  }

  private static Quantizer.Result quantized(Pictures.Source pictures) throws Exception {
    SavedModelFile file = SmallSavedModel.file();
    return new Quantizer(TestEngines.ofClassPath(), PixelScale.NONE, RangeMethod.MINMAX, line -> {})
        .quantize(file, new FakeQuantization(file), pictures);
  }

  private static ByteString bytes(Network network) throws Exception {
    ByteString.Output output = ByteString.newOutput();
    network.write(output);
    return output.toByteString();
  }

  private static Map<String, NodeDef> nodes(SavedModelFile file) {
    return file.graph().getNodeList().stream()
        .collect(Collectors.toMap(NodeDef::getName, node -> node));
  }

  private static NodeDef node(Map<String, NodeDef> nodes, String name) {
    return Objects.requireNonNull(nodes.get(name), name);
  }

  private static String input(Map<String, NodeDef> nodes, String name, int index) {
    return node(nodes, name).getInput(index);
  }
}
