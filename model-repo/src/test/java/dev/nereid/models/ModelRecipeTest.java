package dev.nereid.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ModelRecipeTest {

  @ParameterizedTest
  @CsvSource({
    "resnet50_original, 64, 1, ''",
    "resnet50_tftrt_fp32, 64, 1, FP32",
    "resnet50_tftrt_fp16, 64, 1, FP16",
    "resnet50_tftrt_int8, 64, 1, INT8",
    "resnet50_tftrt_int8_bs16_count4, 16, 4, INT8",
  })
  void theTutorialsModelsHaveTheTutorialsSettings(
      String name, int maxBatchSize, int count, String precision) {
    String config = recipe(name).config(2);
    assertThat(config)
        .contains("name: \"" + name + "\"")
        .contains("platform: \"tensorflow_savedmodel\"")
        .contains("max_batch_size: " + maxBatchSize + "\n")
        .contains("preferred_batch_size: [ " + maxBatchSize + " ]")
        .contains("max_queue_delay_microseconds: 20000")
        .contains("count: " + count + " }");
    if (precision.isEmpty()) {
      assertThat(config).doesNotContain("optimization");
    } else {
      assertThat(config)
          .contains("kind: KIND_GPU")
          .contains("name: \"tensorrt\"")
          .contains("key: \"precision_mode\" value: \"" + precision + "\"");
    }
  }

  @Test
  void theTutorialsFirstModelHasThoseOfTheSameFileAsNamedConfigurations() {
    SortedMap<String, String> configs = recipe("resnet50_original").configs(2);
    // Not those of 8 bits: their ranges are in a file of their own.
    assertThat(configs)
        .containsOnlyKeys("config.pbtxt", "configs/tftrt_fp32.pbtxt", "configs/tftrt_fp16.pbtxt")
        .containsEntry("config.pbtxt", recipe("resnet50_original").config(2));
    assertThat(configs.get("configs/tftrt_fp16.pbtxt"))
        .contains("max_batch_size: 64\n", "count: 1 }", "value: \"FP16\"")
        .doesNotContain("name: \"resnet50");
    assertThat(recipe("resnet50_onnx").configs(2)).containsOnlyKeys("config.pbtxt");
  }

  @Test
  void theCpuLadderNeedsNoGpu() {
    assertThat(names(Variant.CPU))
        .containsExactly(
            "resnet50_original",
            "resnet50_onnx",
            "resnet50_onnx_bs1",
            "resnet50_onnx_bs1_count2",
            "resnet50_onnx_int8");
    assertThat(BuildRequest.of(Path.of("x"), Variant.CPU).recipes())
        .allSatisfy(recipe -> assertThat(recipe.config(2)).doesNotContain("KIND_GPU"));
  }

  @Test
  void quickstartClimbsWhatNeedsNoCalibration() {
    assertThat(names(Variant.QUICKSTART))
        .containsExactly(
            "resnet50_original", "resnet50_onnx", "resnet50_onnx_bs1", "resnet50_onnx_bs1_count2");
  }

  @Test
  void theGpusSetIsTheTutorialsAndWhatIsFasterOnTheSameGpu() {
    assertThat(names(Variant.GPU))
        .startsWith(names(Variant.TUTORIAL).toArray(String[]::new))
        .endsWith(
            "resnet50_tftrt_int8_uint8",
            "resnet50_tensorrt_fp16",
            "resnet50_tensorrt_int8",
            "resnet50_tensorrt_int8_tuned");
  }

  @ParameterizedTest
  @CsvSource({
    "resnet50_tensorrt_fp16, FP16, FP32",
    "resnet50_tensorrt_int8, INT8, FP32",
    "resnet50_tensorrt_int8_tuned, INT8, UINT8",
  })
  void theModelsOfTensorRtSayTheirFileAndTheirPrecision(
      String name, String precision, String input) {
    assertThat(recipe(name).config(2))
        .contains("backend: \"tensorrt\"", "default_model_filename: \"model.onnx\"")
        .contains("key: \"precision_mode\" value: { string_value: \"" + precision + "\" }")
        .contains("name: \"input\" data_type: TYPE_" + input + " ", "kind: KIND_GPU count: 2");
  }

  @Test
  void theTutorialsLadderStartsWithTheModelBothShare() {
    BuildRequest request =
        new BuildRequest(Path.of("x"), 1, Set.of(Variant.TUTORIAL), Set.of(), 2, false);
    assertThat(request.recipes())
        .extracting(ModelRecipe::name)
        .hasSize(5)
        .startsWith("resnet50_original");
  }

  @Test
  void twoInstancesShareTheThreadsBetweenThem() {
    ModelRecipe recipe = recipe("resnet50_onnx_bs1_count2");
    assertThat(recipe.config(8)).contains("string_value: \"4\"");
    assertThat(recipe.config(1)).contains("string_value: \"1\"");
    assertThat(ModelRecipe.ALL).allSatisfy(each -> assertThat(each.config(3)).doesNotContain("${"));
  }

  private static List<String> names(Variant variant) {
    return BuildRequest.of(Path.of("x"), variant).recipes().stream()
        .map(ModelRecipe::name)
        .toList();
  }

  private static ModelRecipe recipe(String name) {
    return ModelRecipe.ALL.stream()
        .filter(candidate -> candidate.name().equals(name))
        .findFirst()
        .orElseThrow();
  }
}
