package dev.nereid.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.protocol.ModelConfig;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelFormatTest {

  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path repository;

  private static ModelConfig.Builder config(String platform, String backend, String filename) {
    return ModelConfig.newBuilder()
        .setName("m")
        .setPlatform(platform)
        .setBackend(backend)
        .setDefaultModelFilename(filename);
  }

  private static String shown(ModelConfig.Builder config) {
    return config.getPlatform()
        + ","
        + config.getBackend()
        + ","
        + config.getDefaultModelFilename();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      emptyValue = "",
      value = {
        "onnxruntime_onnx|''|''|onnxruntime_onnx,onnxruntime,model.onnx",
        "''|onnxruntime|''|onnxruntime_onnx,onnxruntime,model.onnx",
        "''|onnxruntime|net.onnx|onnxruntime_onnx,onnxruntime,net.onnx",
        "''|''|model.onnx|onnxruntime_onnx,onnxruntime,model.onnx",
        "tensorflow_savedmodel|''|''|tensorflow_savedmodel,tensorflow,model.savedmodel",
        "tensorflow_graphdef|''|''|tensorflow_graphdef,tensorflow,model.graphdef",
        "''|tensorflow|''|tensorflow_savedmodel,tensorflow,model.savedmodel",
        "''|tensorflow|model.graphdef|tensorflow_graphdef,tensorflow,model.graphdef",
        "tensorrt_plan|''|''|tensorrt_plan,tensorrt,model.plan",
        "pytorch_libtorch|''|''|pytorch_libtorch,pytorch,model.pt",
        "''|openvino|''|,openvino,model.xml",
        "''|identity|''|,identity,",
        "custom|identity|weights|custom,identity,weights",
      })
  void whatIsLeftOutFollowsFromWhatIsThere(
      String platform, String backend, String filename, String expected) throws Exception {
    ModelConfig.Builder config = config(platform, backend, filename);

    ModelFormat.complete(ConfigText.absent(), config, null);

    assertThat(shown(config)).isEqualTo(expected);
  }

  @Test
  void theFileInAVersionNamesTheBackend() throws Exception {
    Path onnx = new ModelFolder(repository, "a").file("1/model.onnx", "").path();
    Path savedModel = new ModelFolder(repository, "b").folder("1/model.savedmodel").path();
    Path graph =
        new ModelFolder(repository, "c")
            .file("1/model.graphdef", "")
            .file("1/model.onnx", "")
            .path();

    assertThat(completed(onnx)).isEqualTo("onnxruntime_onnx,onnxruntime,model.onnx");
    assertThat(completed(savedModel))
        .isEqualTo("tensorflow_savedmodel,tensorflow,model.savedmodel");
    assertThat(completed(graph)).isEqualTo("tensorflow_graphdef,tensorflow,model.graphdef");
  }

  private static String completed(Path model) throws ConfigException {
    ModelConfig.Builder config = config("", "", "");
    ModelFormat.complete(ConfigText.absent(), config, model.resolve("1"));
    return shown(config);
  }

  @Test
  void aModelNamedAfterItsBackendNeedsNoFile() throws Exception {
    ModelConfig.Builder config = config("", "", "").setName("net.identity");

    ModelFormat.complete(ConfigText.absent(), config, null);

    assertThat(shown(config)).isEqualTo(",identity,model.identity");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      emptyValue = "",
      quoteCharacter = '"',
      value = {
        "caffe|\"\"|\"\"|unexpected platform type 'caffe' for m",
        "\"\"|\"\"|net.bin|unexpected platform type '' for m",
        "onnxruntime_onnx|tensorflow|\"\"|unexpected 'platform' and 'backend' pair, got:onnxruntime_onnx, tensorflow",
        "tensorflow_savedmodel|onnxruntime|\"\"|unexpected 'platform' and 'backend' pair, got:tensorflow_savedmodel, onnxruntime",
        "ensemble|\"\"|\"\"|ensemble scheduling must be set for ensemble m whose platform is ensemble",
        "ensemble|onnxruntime|\"\"|Ensemble model 'm' must have platform type 'ensemble' and empty backend type",
        "\"\"|\"\"|\"\"|Invalid model name: Could not determine backend for model 'm' with no backend in model configuration. Expected model name of the form 'model.<backend_name>'.",
      })
  void whatCannotBeIsSaidInTritonsWords(
      String platform, String backend, String filename, String message) {
    assertThatThrownBy(
            () ->
                ModelFormat.complete(
                    ConfigText.absent(), config(platform, backend, filename), null))
        .isInstanceOf(ConfigException.class)
        .hasMessage(message);
  }
}
