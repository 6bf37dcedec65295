package dev.nereid.backend.tensorrt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.DataType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway.Init") // JUnit fills the directory before each test.
class OnnxFileTest {

  @TempDir private Path directory;

  private Path file() {
    return directory.resolve("model.onnx");
  }

  private static OnnxGraph graph() {
    return new OnnxGraph()
        .weight("w", new float[] {1, 2, 3, 4, 5, 6}, 3, 2)
        .toFloat("floats", "image")
        .node("MatMul", "scores", "floats", "w")
        .input("image", DataType.UINT8, -1, 3)
        .output("scores", DataType.FP32, -1, 2);
  }

  @Test
  void tellsInputsOutputsAndOperatorsWithoutBuildingAnything() throws Exception {
    graph().write(file());
    OnnxFile onnx = OnnxFile.read(file());
    assertThat(onnx.inputs()).containsExactly(new TensorSpec("image", DataType.UINT8, -1, 3));
    assertThat(onnx.outputs()).containsExactly(new TensorSpec("scores", DataType.FP32, -1, 2));
    assertThat(onnx.operators()).containsExactlyInAnyOrder("Cast", "MatMul");
    assertThat(onnx.externalFiles()).isEmpty();
    assertThat(onnx.isQuantized()).isFalse();
    assertThat(onnx.signature().isBatching()).isTrue();
  }

  @Test
  void anInputThatHasAWeightIsNone() throws Exception {
    graph().input("w", DataType.FP32, 3, 2).write(file());
    assertThat(OnnxFile.read(file()).inputs())
        .extracting(TensorSpec::name)
        .containsExactly("image");
  }

  @Test
  void findsTheRangesOfQuantizedGraphs() throws Exception {
    graph()
        .weight("scale", new float[] {1})
        .weight("zero", new byte[] {0})
        .node("QuantizeLinear", "q", "floats", "scale", "zero")
        .node("DequantizeLinear", "dq", "q", "scale", "zero")
        .write(file());
    assertThat(OnnxFile.read(file()).isQuantized()).isTrue();
  }

  @Test
  void aTypeThatTensorRtLacksIsRefusedByName() throws Exception {
    new OnnxGraph().input("x", DataType.FP32, -1, 2).output("y", DataType.FP32, 2).write(file());
    byte[] bytes = Files.readAllBytes(file());
    // elem_type 1, FP32, of the only input: doubles are 11.
    int at = indexOf(bytes, new byte[] {'x', 0x12}) + 5;
    assertThat(bytes[at + 1]).isEqualTo((byte) 1);
    bytes[at + 1] = 11;
    Files.write(file(), bytes);
    assertThatThrownBy(() -> OnnxFile.read(file()))
        .hasMessageContaining("input 'x' has element type 11 (expected: a tensor of a type that");
  }

  private static int indexOf(byte[] bytes, byte[] wanted) {
    for (int i = 0; i + wanted.length <= bytes.length; i++) {
      if (Arrays.equals(bytes, i, i + wanted.length, wanted, 0, wanted.length)) {
        return i;
      }
    }
    throw new AssertionError("not found");
  }

  @Test
  void aFileThatIsCutOffAnywhereIsRefusedOrSmaller() throws Exception {
    graph().write(file());
    byte[] whole = Files.readAllBytes(file());
    int refused = 0;
    for (int length = 0; length < whole.length; length++) {
      Files.write(file(), Arrays.copyOf(whole, length));
      try {
        OnnxFile.read(file());
      } catch (BackendException e) {
        assertThat(e).hasMessageContaining("not an ONNX model");
        refused++;
      }
    }
    // A cut between the model's own fields leaves a model: behind the graph alone, here.
    assertThat(refused).isGreaterThan(whole.length - 8);
  }

  @Test
  void whatStandsAnywhereBetweenLargeWeightsIsFound() throws Exception {
    OnnxGraph graph = graph();
    for (int i = 0; i < 40; i++) {
      // Names and lengths fall on every side of what is read at a time.
      int length = 2000 + 211 * i;
      graph
          .weight("large" + i, new float[length], length)
          .input("large" + i, DataType.FP32, length);
    }
    graph.write(file());
    OnnxFile onnx = OnnxFile.read(file());
    assertThat(onnx.inputs()).containsExactly(new TensorSpec("image", DataType.UINT8, -1, 3));
    assertThat(onnx.operators()).containsExactlyInAnyOrder("Cast", "MatMul");
  }

  @Test
  void nothingOfTheFileStaysMapped() throws Exception {
    graph().write(file());
    OnnxFile onnx = OnnxFile.read(file());
    assertThat(onnx.inputs()).isNotEmpty();
    assertThat(Path.of("/proc/self/maps")).content().doesNotContain(file().toString());
  }

  @Test
  void whatIsNoModelIsRefused() throws Exception {
    Files.writeString(file(), "ftrt, not a model");
    assertThatThrownBy(() -> OnnxFile.read(file())).hasMessageContaining("not an ONNX model: ");
    assertThatThrownBy(() -> OnnxFile.read(directory.resolve("none.onnx")))
        .hasMessageContaining("none.onnx: cannot be read: ");
  }

  @Test
  void theDigestCoversTheFilesBesideIt() throws Exception {
    graph().weightInFile("far", "weights.bin", 4).write(file());
    OnnxFile onnx = OnnxFile.read(file());
    assertThat(onnx.externalFiles()).containsExactly("weights.bin");
    assertThatThrownBy(() -> ModelDigest.of(file(), onnx.externalFiles()))
        .hasMessageContaining("weights.bin: cannot be read");
    Path weights = directory.resolve("weights.bin");
    Files.write(weights, new byte[16]);
    String first = ModelDigest.of(file(), onnx.externalFiles());
    Files.write(weights, new byte[] {1});
    assertThat(ModelDigest.of(file(), onnx.externalFiles())).isNotEqualTo(first).hasSize(64);
  }
}
