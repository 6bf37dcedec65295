package dev.nereid.models.resnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.protobuf.ByteString;
import dev.nereid.models.onnx.proto.GraphProto;
import dev.nereid.models.onnx.proto.ModelProto;
import dev.nereid.models.onnx.proto.NodeProto;
import dev.nereid.models.tensorflow.proto.GraphDef;
import dev.nereid.models.tensorflow.proto.MetaGraphDef;
import dev.nereid.models.tensorflow.proto.NodeDef;
import dev.nereid.models.tensorflow.proto.SavedModel;
import dev.nereid.models.tensorflow.proto.TensorShapeProto;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

final class ResNet50Test {

  private static final int TRAINED = 25_557_032;
  private static final int OBSERVED = 53_120;

  private static GraphProto onnx = GraphProto.getDefaultInstance();
  private static MetaGraphDef metaGraph = MetaGraphDef.getDefaultInstance();

  @BeforeAll
  static void writeBoth() throws IOException {
    ByteString.Output onnxBytes = ByteString.newOutput();
    ResNet50.writeOnnx(onnxBytes, 7);
    onnx = ModelProto.parseFrom(onnxBytes.toByteString()).getGraph();
    ByteString.Output tensorFlowBytes = ByteString.newOutput();
    ResNet50.writeSavedModel(tensorFlowBytes, 7);
    metaGraph = SavedModel.parseFrom(tensorFlowBytes.toByteString()).getMetaGraphs(0);
  }

  @Test
  void bothFormatsHoldEveryNumberOfTheNetwork() {
    long inOnnx =
        onnx.getInitializerList().stream().mapToLong(t -> t.getRawData().size() / 4).sum();
    long inTensorFlow =
        constants()
            .filter(node -> !isShapeOrAxis(node))
            .mapToLong(node -> content(node).size() / 4)
            .sum();
    assertThat(inOnnx).isEqualTo(TRAINED + OBSERVED);
    assertThat(inTensorFlow).isEqualTo(TRAINED + OBSERVED);
  }

  @Test
  void theNetworkHasFiftyLayersWithTrainedKernels() {
    // 49 convolutions on the main path, 4 on shortcuts, and the dense layer.
    assertThat(countOnnx("Conv")).isEqualTo(53);
    assertThat(countOnnx("BatchNormalization")).isEqualTo(53);
    assertThat(countOnnx("Gemm")).isEqualTo(1);
    assertThat(countTensorFlow("Conv2D")).isEqualTo(53);
    assertThat(countTensorFlow("FusedBatchNormV3")).isEqualTo(53);
    assertThat(countTensorFlow("MatMul")).isEqualTo(1);
  }

  @Test
  void aKernelIsTheSameInBothFormatsButForItsLayout() {
    NodeDef node = constant("stage2/block1/b/kernel");
    TensorShapeProto shape = node.getAttrOrThrow("value").getTensor().getTensorShape();
    assertThat(shape.getDimList().stream().map(TensorShapeProto.Dim::getSize))
        .containsExactly(3L, 3L, 128L, 128L);
    FloatBuffer heightWidthInputOutput = floats(content(node));
    FloatBuffer outputInputHeightWidth =
        floats(
            onnx.getInitializerList().stream()
                .filter(tensor -> tensor.getName().equals("stage2/block1/b/kernel"))
                .findFirst()
                .orElseThrow()
                .getRawData());
    for (int row = 0; row < 3; row++) {
      for (int column = 0; column < 3; column++) {
        assertThat(outputInputHeightWidth.get(((17 * 128 + 99) * 3 + row) * 3 + column))
            .isEqualTo(heightWidthInputOutput.get(((row * 3 + column) * 128 + 99) * 128 + 17));
      }
    }
  }

  @Test
  void kernelsHaveHesVariance() {
    FloatBuffer kernel = floats(content(constant("stage4/block2/b/kernel")));
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < kernel.limit(); i++) {
      sum += kernel.get(i);
      squares += (double) kernel.get(i) * kernel.get(i);
    }
    double expected = 2.0 / (3 * 3 * 512);
    assertThat(squares / kernel.limit()).isCloseTo(expected, within(0.01 * expected));
    assertThat(sum / kernel.limit()).isCloseTo(0, within(1e-4));
  }

  @Test
  void theSavedModelServesItsNamesWithAnyBatchSize() {
    assertThat(metaGraph.getMetaInfoDef().getTagsList()).containsExactly("serve");
    var signature = metaGraph.getSignatureDefOrThrow("serving_default");
    assertThat(dimensions(signature.getInputsOrThrow("input").getTensorShape()))
        .containsExactly(-1, 224, 224, 3);
    assertThat(dimensions(signature.getOutputsOrThrow("probabilities").getTensorShape()))
        .containsExactly(-1, 1000);
  }

  @Test
  void theOnnxFileServesTheSameNamesWithAnyBatchSize() {
    assertThat(onnx.getInput(0).getName()).isEqualTo("input");
    assertThat(onnx.getOutput(0).getName()).isEqualTo("probabilities");
    assertThat(onnx.getInput(0).getType().getTensorType().getShape().getDim(0).getDimParam())
        .isNotEmpty();
    assertThat(onnx.getOutput(0).getType().getTensorType().getShape().getDim(0).getDimParam())
        .isNotEmpty();
  }

  private static Stream<NodeDef> constants() {
    return graph().getNodeList().stream().filter(node -> node.getOp().equals("Const"));
  }

  private static NodeDef constant(String name) {
    return constants().filter(node -> node.getName().equals(name)).findFirst().orElseThrow();
  }

  private static boolean isShapeOrAxis(NodeDef node) {
    return node.getName().endsWith("/paddings") || node.getName().endsWith("/axes");
  }

  private static ByteString content(NodeDef node) {
    return node.getAttrOrThrow("value").getTensor().getTensorContent();
  }

  private static FloatBuffer floats(ByteString bytes) {
    return bytes.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
  }

  private static int[] dimensions(TensorShapeProto shape) {
    return shape.getDimList().stream().mapToInt(dim -> (int) dim.getSize()).toArray();
  }

  private static long countOnnx(String operator) {
    return onnx.getNodeList().stream().map(NodeProto::getOpType).filter(operator::equals).count();
  }

  private static long countTensorFlow(String operator) {
    return graph().getNodeList().stream().map(NodeDef::getOp).filter(operator::equals).count();
  }

  private static GraphDef graph() {
    return metaGraph.getGraphDef();
  }
}
