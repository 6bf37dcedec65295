package dev.nereid.backend.tensorrt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.DataType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway.Init") // JUnit fills the directory before each test.
class FixedOnnxTest {

  @TempDir private Path directory;

  private static OnnxGraph graph(long rows) {
    return new OnnxGraph()
        .node("MatMul", "OUTPUT", "INPUT", "w")
        .weight("w", new float[16], 4, 4)
        .input("OTHER", DataType.INT32, 3)
        .input("INPUT", DataType.FP32, rows, 4)
        .output("OUTPUT", DataType.FP32, -1, 4);
  }

  private Path folder() throws Exception {
    return Files.createTempDirectory(directory, "fixed");
  }

  @Test
  void theInputsHaveTheirNewShapesAndNothingElseIsChanged() throws Exception {
    Path model = directory.resolve("open.onnx");
    graph(-1).write(model);
    Path expected = directory.resolve("expected.onnx");
    graph(300).write(expected);
    List<TensorSpec> inputs = List.of(new TensorSpec("INPUT", DataType.FP32, 300, 4));

    Path written = FixedOnnx.write(model, Set.of(), inputs, folder());

    assertThat(written).hasSameBinaryContentAs(expected);
    assertThat(OnnxFile.read(written).inputs())
        .containsExactly(
            new TensorSpec("OTHER", DataType.INT32, 3),
            new TensorSpec("INPUT", DataType.FP32, 300, 4));
  }

  @Test
  void weightsInFilesOfTheirOwnAreFoundBesideTheNewFile() throws Exception {
    Path model = directory.resolve("open.onnx");
    graph(-1).weightInFile("v", "weights/v.bin", 4).write(model);
    Files.createDirectories(directory.resolve("weights"));
    Files.writeString(directory.resolve("weights").resolve("v.bin"), "sixteen bytes of");
    Path written =
        FixedOnnx.write(model, OnnxFile.read(model).externalFiles(), List.of(), folder());
    assertThat(written.resolveSibling("weights").resolve("v.bin")).hasContent("sixteen bytes of");
    assertThatThrownBy(() -> FixedOnnx.write(model, Set.of("../v.bin"), List.of(), folder()))
        .hasMessageContaining("weights in '../v.bin' (expected: a file in the model's folder)");
  }

  @Test
  void whatIsNoModelIsRefused() throws Exception {
    Path model = Files.writeString(directory.resolve("text.onnx"), "not a model");
    assertThatThrownBy(() -> FixedOnnx.write(model, Set.of(), List.of(), folder()))
        .hasMessageContaining("not an ONNX model");
  }
}
