package dev.nereid.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.nereid.models.onnx.OnnxFile;
import dev.nereid.models.quantize.Network;
import dev.nereid.models.quantize.NetworkAnswers;
import dev.nereid.models.quantize.PixelScale;
import dev.nereid.models.resnet.ResNet50;
import dev.nereid.models.tensorflow.SavedModelFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The models of 8 bits, built and run by the engines of their formats. */
final class QuantizedResNetTest {

  private static final List<String> progress = new ArrayList<>();
  private static Path repository = Path.of("");

  @BeforeAll
  static void build(@TempDir Path folder) throws Exception {
    repository = folder;
    new ModelRepositoryBuilder(
            new BuildRequest(
                folder,
                42,
                Set.of(),
                Set.of(
                    "resnet50_onnx",
                    "resnet50_onnx_int8",
                    "resnet50_tftrt_int8",
                    "resnet50_tftrt_int8_bs16_count4",
                    "resnet50_tftrt_int8_uint8",
                    "resnet50_tensorrt_int8",
                    "resnet50_tensorrt_int8_tuned"),
                2,
                false),
            TestEngines.ofClassPath(),
            progress::add)
        .build();
  }

  @Test
  void weightsOfEightBitsAreAQuarterAsLarge() throws Exception {
    for (String model : List.of("resnet50_onnx_int8", "resnet50_tensorrt_int8")) {
      assertThat(Files.size(onnx(model))).isBetween(25_000_000L, 27_000_000L);
    }
  }

  @Test
  void everyKindOfFileIsCalibratedOnceAndSaysHowFarItIsFromTheOriginal() {
    assertThat(progress)
        .filteredOn(line -> line.contains("calibrating"))
        .containsExactly(
            "  calibrating: 16 pictures, ranges of 71 tensors",
            "  calibrating: 16 pictures, ranges of 71 tensors",
            "  calibrating: 16 pictures, ranges of 55 tensors");
    assertThat(progress).filteredOn(line -> line.contains("54 layers in 8 bits")).hasSize(3);
    assertThat(progress)
        .filteredOn(line -> line.contains("against FP32"))
        .hasSize(3)
        .allSatisfy(line -> assertThat(line).contains("top-1 agreement 100.0 %"));
    assertThat(progress)
        .contains("resnet50_tftrt_int8_bs16_count4: built (102 MB, shared with another model)");
  }

  @Test
  void onnxRuntimeAnswersNearlyTheSameInEightBits() throws Exception {
    float[] expected = answers(OnnxFile.read(onnx("resnet50_onnx")));
    for (String model : List.of("resnet50_onnx_int8", "resnet50_tensorrt_int8")) {
      // Probabilities; the greatest of the original is near 0.5.
      assertThat(answers(OnnxFile.read(onnx(model)))).containsExactly(expected, within(0.1f));
    }
  }

  @Test
  void pixelsOfEightBitsAreAnsweredAsTheSamePixelsInFloats() throws Exception {
    assertThat(
            NetworkAnswers.ofPixels(
                OnnxFile.read(onnx("resnet50_tensorrt_int8_tuned")), ResNet50.OUTPUT))
        .containsExactly(answers(OnnxFile.read(onnx("resnet50_tensorrt_int8"))), within(1e-4f));
    assertThat(
            NetworkAnswers.ofPixels(
                SavedModelFile.read(saved("resnet50_tftrt_int8_uint8")), ResNet50.OUTPUT))
        .containsExactly(answers(SavedModelFile.read(saved("resnet50_tftrt_int8"))), within(1e-4f));
  }

  private static float[] answers(Network network) throws Exception {
    return NetworkAnswers.of(network, PixelScale.NONE, ResNet50.OUTPUT);
  }

  private static Path onnx(String model) {
    return repository.resolve(model).resolve("1/model.onnx");
  }

  private static Path saved(String model) {
    return repository.resolve(model).resolve("1/model.savedmodel");
  }
}
