package dev.nereid.models;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.nereid.models.onnx.SmallOnnx;
import dev.nereid.models.tensorflow.SmallSavedModel;
import dev.nereid.models.tensorflow.VariableSavedModel;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ImportCommandTest {

  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void aSavedModelBecomesTheTutorialsFive() throws Exception {
    Path model = savedModel(SmallSavedModel.bytes());
    assertThat(run("--saved-model", model.toString(), "--corpus", "4")).isZero();
    assertThat(out.toString())
        .contains("net_original: made", "net_tftrt_fp32: made", "net_tftrt_fp16: made")
        .contains("net_tftrt_int8: made", "net_tftrt_int8_bs16_count4: made")
        .contains("against FP32 on 4 held-out pictures");
    assertThat(folder.resolve("models/net_tftrt_int8_bs16_count4/config.pbtxt"))
        .content()
        .contains("platform: \"tensorflow_savedmodel\"\nmax_batch_size: 16\n")
        .contains("{ name: \"picture\" data_type: TYPE_FP32 dims: [ 8, 8, 3 ] }")
        .contains("{ name: \"scores\" data_type: TYPE_FP32 dims: [ 3 ] }")
        .contains("kind: KIND_GPU count: 4")
        .contains("key: \"precision_mode\" value: \"INT8\"");
    assertThat(inode("net_tftrt_fp32")).isEqualTo(inode("net_original"));
    assertThat(inode("net_tftrt_int8")).isNotEqualTo(inode("net_original"));
    assertThat(inode("net_tftrt_int8_bs16_count4")).isEqualTo(inode("net_tftrt_int8"));
    assertThat(folder.resolve("models/net_original/1/model.savedmodel/assets/words.txt"))
        .hasContent("words");
    assertThat(folder.resolve("models/net_tftrt_int8/1/model.savedmodel/assets/words.txt"))
        .hasContent("words");
  }

  @Test
  void anOnnxFileBecomesItselfAndThoseOfTensorRt() throws Exception {
    Path labels = Files.writeString(folder.resolve("names"), "a\nb\nc\n");
    String model = onnx().toString();
    assertThat(run("--onnx", model, "--corpus", "4", "--labels", labels.toString())).isZero();
    assertThat(folder.resolve("models/net_tensorrt_int8_tuned/config.pbtxt"))
        .content()
        .contains("backend: \"tensorrt\"\ndefault_model_filename: \"model.onnx\"\n")
        .contains("{ name: \"picture\" data_type: TYPE_UINT8 dims: [ 3, 8, 8 ] }")
        .contains("dims: [ 3 ] label_filename: \"labels.txt\" }")
        .contains("key: \"precision_mode\" value: { string_value: \"INT8\" }");
    assertThat(folder.resolve("models/net_onnx/labels.txt")).hasContent("a\nb\nc");
    assertThat(folder.resolve("models/net_onnx/1/model.onnx")).hasSameBinaryContentAs(onnx());
    assertThat(folder.resolve("models/net_tensorrt_fp16/1/model.onnx")).isRegularFile();
  }

  @Test
  void withoutPicturesTheModelsOfEightBitsAreLeftOutAndSaidSo() throws Exception {
    assertThat(run("--onnx", onnx().toString(), "--name", "mine")).isZero();
    assertThat(out.toString())
        .contains("mine_onnx: made", "mine_tensorrt_fp16: made")
        .contains(
            "mine_tensorrt_int8: skipped, nothing to calibrate on (--images DIR or --corpus N)");
    assertThat(folder.resolve("models/mine_tensorrt_int8")).doesNotExist();
  }

  @Test
  void aSavedModelWithVariablesBecomesTheTutorialsFiveToo() throws Exception {
    Path model = folder.resolve("net");
    VariableSavedModel.write(model);
    assertThat(run("--saved-model", model.toString(), "--corpus", "4")).isZero();
    assertThat(out.toString())
        .contains("freezing: variables become constants")
        .contains("net_tftrt_fp32: made", "net_tftrt_int8: made");
    Path original = folder.resolve("models/net_original/1/model.savedmodel");
    Path quantized = folder.resolve("models/net_tftrt_int8/1/model.savedmodel");
    assertThat(original.resolve("variables/variables.index")).isRegularFile();
    assertThat(quantized.resolve("saved_model.pb")).isRegularFile();
    assertThat(quantized.resolve("variables")).doesNotExist();
    assertThat(folder.resolve("models/net_tftrt_int8/config.pbtxt"))
        .content()
        .contains("{ name: \"picture\" data_type: TYPE_FP32 dims: [ 8, 8, 3 ] }");
  }

  @Test
  void aModelThatCannotBeQuantisedIsImportedWithoutThoseOfEightBits() throws Exception {
    Path model = savedModel(SmallSavedModel.bytesWithNoise());
    assertThat(run("--saved-model", model.toString(), "--corpus", "4")).isEqualTo(2);
    String reason = "unable to freeze 'net': operator 'noise' (RandomUniform) may give something";
    assertThat(out.toString())
        .contains("net_original: made", "net_tftrt_fp16: made")
        .contains("net_tftrt_int8: skipped, " + reason);
    assertThat(err.toString()).startsWith("nereid models import: " + reason);
  }

  @Test
  void aSecondImportWritesOverTheFirstAndNeverOverAnotherFolder() throws Exception {
    assertThat(run("--onnx", onnx().toString())).isZero();
    assertThat(run("--onnx", onnx().toString())).isZero();
    Path config = folder.resolve("models/other_onnx/config.pbtxt");
    Files.createDirectories(config.getParent());
    Files.writeString(config, "# mine\n");
    assertThat(run("--onnx", onnx().toString(), "--name", "other")).isEqualTo(5);
    assertThat(err.toString())
        .contains("other_onnx: was not made by `nereid models` (expected: no such folder, or");
    assertThat(config).hasContent("# mine");
    assertThat(folder.resolve("models/other_tensorrt_fp16")).doesNotExist();
    assertThat(run("--onnx", onnx().toString(), "--name", "other", "--force")).isZero();
    assertThat(config).content().contains("onnxruntime_onnx");
  }

  @Test
  void wrongUsageIsRefusedWithTheRuleThatItBreaks() throws Exception {
    String model = onnx().toString();
    assertThat(run("--onnx", model, "--name", "../x")).isEqualTo(1);
    assertThat(err.toString()).contains("name: ../x (expected: letters, digits, and _ . -");
    assertThat(run()).isEqualTo(1);
    assertThat(err.toString()).contains("--saved-model").contains("--onnx");
    assertThat(run("--saved-model", model)).isEqualTo(1);
    assertThat(err.toString())
        .contains("saved-model: " + model + " (expected: a SavedModel's folder)");
    assertThat(run("--onnx", folder + "/nothing.onnx")).isEqualTo(2);
    assertThat(err.toString()).contains("model: " + folder + "/nothing.onnx (expected: ");
    assertThat(folder.resolve("models")).doesNotExist();
  }

  @Test
  void aModelWithoutABatchDimensionIsRefused() throws Exception {
    Path model = Files.write(folder.resolve("fixed.onnx"), SmallOnnx.unbatched().toByteArray());
    assertThat(run("--onnx", model.toString())).isEqualTo(2);
    assertThat(err.toString())
        .contains("signature: inputs [x FP32[1,4]]")
        .contains("(expected: a batch dimension, -1, first in each)");
  }

  private Path onnx() throws Exception {
    return Files.write(folder.resolve("net.onnx"), SmallOnnx.bytes().toByteArray());
  }

  private Path savedModel(ByteString contents) throws Exception {
    Path model = folder.resolve("net");
    Files.createDirectories(model.resolve("assets"));
    Files.writeString(model.resolve("assets/words.txt"), "words");
    Files.write(model.resolve("saved_model.pb"), contents.toByteArray());
    return model;
  }

  private Object inode(String model) throws Exception {
    Path file = folder.resolve("models/" + model + "/1/model.savedmodel/saved_model.pb");
    return Files.getAttribute(file, "unix:ino");
  }

  private int run(String... arguments) {
    List<String> all = new ArrayList<>(List.of("import", "--into", folder + "/models"));
    all.addAll(List.of(arguments));
    return ModelsCommand.commandLine(TestEngines.ofClassPath())
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(all.toArray(String[]::new));
  }
}
