package dev.nereid.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.protobuf.ByteString;
import dev.nereid.models.onnx.SmallOnnx;
import dev.nereid.models.quantize.Engines;
import dev.nereid.models.quantize.Network;
import dev.nereid.models.quantize.NetworkAnswers;
import dev.nereid.models.quantize.PixelScale;
import dev.nereid.models.tensorflow.SavedModelFile;
import dev.nereid.models.tensorflow.SmallSavedModel;
import dev.nereid.models.tensorflow.VariableSavedModel;
import java.awt.image.BufferedImage;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class QuantizeCommandTest {

  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Engines engines = TestEngines.ofClassPath();
  private String onnx = "";

  @BeforeEach
  void writeModel() throws Exception {
    onnx = write(folder.resolve("net.onnx"), SmallOnnx.bytes()).toString();
  }

  @Test
  void anOnnxFileBecomesOneOfEightBitsWithAReport() throws Exception {
    Path result = folder.resolve("int8.onnx");
    Path json = folder.resolve("report.json");
    assertThat(run(onnx, "--into", result.toString(), "--corpus", "8", "--json", json.toString()))
        .isZero();
    assertThat(result).isRegularFile();
    assertThat(out.toString())
        .contains("calibrated on 8 made-up pictures by onnxruntime, method minmax")
        .contains("3 layers in 8 bits, 4 tensors with a range")
        .contains("against FP32 on 4 held-out pictures: largest difference ", "top-1 agreement ")
        .contains("written: " + result);
    assertThat(json)
        .content()
        .contains("\"held_out_pictures\" : 4", "\"top1_agreement\" : ", "\"picture\" : [ ");
  }

  @Test
  void picturesOfAFolderAreCalibratedOnAndEveryFourthIsHeldOut() throws Exception {
    Path pictures = Files.createDirectory(folder.resolve("pictures"));
    for (int i = 0; i < 9; i++) {
      BufferedImage image = new BufferedImage(20, 30, BufferedImage.TYPE_INT_RGB);
      for (int pixel = 0; pixel < 600; pixel++) {
        image.setRGB(pixel % 20, pixel / 20, (i * 7919 + pixel * 104729) & 0xFFFFFF);
      }
      ImageIO.write(image, "png", pictures.resolve(i + ".png").toFile());
    }
    assertThat(run(onnx, "--into", folder.resolve("a").toString(), "--images", pictures.toString()))
        .isZero();
    assertThat(out.toString())
        .contains("calibrated on 7 pictures of " + pictures)
        .contains("against FP32 on 2 held-out pictures");
  }

  @Test
  void aRepositorysModelBecomesOneWithTheSameConfigurationAndLabels() throws Exception {
    Path model = folder.resolve("models/net");
    write(model.resolve("2/model.onnx"), SmallOnnx.bytes());
    Files.writeString(model.resolve("config.pbtxt"), "name: \"net\"\nmax_batch_size: 8\n");
    Files.writeString(model.resolve("labels.txt"), "a\nb\nc\n");
    Path result = folder.resolve("models/net_int8");
    assertThat(run(model.toString(), "--into", result.toString(), "--corpus", "4")).isZero();
    assertThat(result.resolve("1/model.onnx")).isRegularFile();
    assertThat(result.resolve("config.pbtxt")).hasContent("max_batch_size: 8");
    assertThat(result.resolve("labels.txt")).hasContent("a\nb\nc");
  }

  @Test
  void aSavedModelKeepsItsAssetsAndLosesNothingElse() throws Exception {
    Path model = folder.resolve("saved");
    write(model.resolve("saved_model.pb"), SmallSavedModel.bytes());
    write(model.resolve("assets/words.txt"), ByteString.copyFromUtf8("words"));
    Path result = folder.resolve("saved_int8");
    assertThat(run(model.toString(), "--into", result.toString(), "--corpus", "4")).isZero();
    assertThat(result.resolve("saved_model.pb")).isRegularFile();
    assertThat(result.resolve("assets/words.txt")).hasContent("words");
    assertThat(out.toString()).contains("by tensorflow");
  }

  @Test
  void aSavedModelWithVariablesIsFrozenAndAnswersAsItsConstantsDo() throws Exception {
    Path model = folder.resolve("saved");
    VariableSavedModel.write(model);
    Path result = folder.resolve("saved_int8");
    assertThat(run(model.toString(), "--into", result.toString(), "--corpus", "8")).isZero();
    assertThat(out.toString())
        .contains("freezing: variables become constants", "3 layers in 8 bits")
        .contains("top-1 agreement 100.0 %");
    assertThat(result).isDirectoryNotContaining("glob:**variables");
    float[] floats = answers(SavedModelFile.parse(SmallSavedModel.bytes()));
    float[] quantized = answers(SavedModelFile.read(result));
    assertThat(quantized).isNotEqualTo(floats).containsExactly(floats, within(5f));
    assertThat(Files.readString(result.resolve("saved_model.pb"), StandardCharsets.ISO_8859_1))
        .contains("FakeQuantWithMinMaxVars")
        .doesNotContain("VarHandleOp");
  }

  @Test
  void aSavedModelWhoseAnswersDependOnMoreThanItsInputsIsRefusedByTheOperator() throws Exception {
    Path model = folder.resolve("saved");
    write(model.resolve("saved_model.pb"), SmallSavedModel.bytesWithNoise());
    assertThat(run(model.toString(), "--into", folder + "/x", "--corpus", "4")).isEqualTo(2);
    assertThat(err.toString()).contains("operator 'noise' (RandomUniform)");
    assertThat(folder.resolve("x")).doesNotExist();
  }

  @Test
  void variablesWithoutACheckpointAreAnErrorThatNamesOne() throws Exception {
    Path model = folder.resolve("saved");
    VariableSavedModel.write(model);
    Files.delete(model.resolve("variables/variables.index"));
    assertThat(run(model.toString(), "--into", folder + "/x", "--corpus", "4")).isEqualTo(2);
    assertThat(err.toString()).contains("unable to freeze 'saved': variable 'stem/kernel' cannot");
  }

  private static float[] answers(Network network) throws Exception {
    return NetworkAnswers.of(network, PixelScale.NONE, "scores");
  }

  @Test
  void whatIsThereAlreadyIsNotWrittenOverUnlessForced() throws Exception {
    Path result = Files.writeString(folder.resolve("mine.onnx"), "mine");
    String[] arguments = {onnx, "--into", result.toString(), "--corpus", "4"};
    assertThat(run(arguments)).isEqualTo(5);
    assertThat(err.toString())
        .isEqualToIgnoringNewLines(
            "nereid models quantize: "
                + result
                + ": is there already (expected: nothing there, or --force)");
    assertThat(result).hasContent("mine");
    List<String> forced = new ArrayList<>(List.of(arguments));
    forced.add("--force");
    assertThat(run(forced.toArray(String[]::new))).isZero();
    assertThat(Files.size(result)).isGreaterThan(500);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                              | 1 | images: none (expected: --images DIR or --corpus N)",
        "--corpus 4 --images x           | 1 | corpus: 4 (expected: not with --images)",
        "--corpus 0                      | 1 | corpus: 0 (expected: 1 to 1024)",
        "--corpus 4 --for tpu            | 1 | for: tpu (expected: tensorrt, tensorrt8 or onnxruntime)",
        "--corpus 4 --method entropy     | 1 | method: entropy (expected: minmax or percentile)",
        "--corpus 4 --std 0              | 1 | std: 0 (expected: a number to divide by)",
        "--corpus 4 --mean 1,2           | 1 | mean: [1.0, 2.0] (expected: one number, or one a channel)",
        "--corpus 4 --method percentile --percentile 3 | 1 | percentile: 3.0 (expected: above 50, at most 100)",
        "--images no-such-folder         | 2 | images: no-such-folder (expected: a directory)",
      })
  void wrongFlagsAreRefusedWithTheRuleThatTheyBreak(String flags, int exitCode, String message) {
    List<String> arguments = new ArrayList<>(List.of(onnx, "--into", folder + "/x"));
    arguments.addAll(List.of(flags.isEmpty() ? new String[0] : flags.split(" ")));
    assertThat(run(arguments.toArray(String[]::new))).isEqualTo(exitCode);
    assertThat(err.toString()).contains(message);
    assertThat(folder.resolve("x")).doesNotExist();
  }

  @Test
  void whatIsNoModelIsRefused() throws Exception {
    Path text = Files.writeString(folder.resolve("text"), "not a model at all");
    assertThat(run(text.toString(), "--into", folder + "/x", "--corpus", "4")).isEqualTo(2);
    assertThat(err.toString()).contains("model: " + text + " (expected: an ONNX file)");
    assertThat(run(folder + "/nowhere", "--into", folder + "/x", "--corpus", "4")).isEqualTo(2);
    assertThat(err.toString())
        .contains("nowhere (expected: a SavedModel's folder, an ONNX file, or a repository's");
  }

  @Test
  void anEngineThatIsNotThereIsAnErrorWithTheReason() {
    engines = TestEngines.none();
    assertThat(run(onnx, "--into", folder + "/x", "--corpus", "4")).isEqualTo(5);
    assertThat(err.toString()).startsWith("nereid models quantize: backend 'onnxruntime'");
  }

  private static Path write(Path file, ByteString contents) throws Exception {
    Files.createDirectories(file.getParent());
    return Files.write(file, contents.toByteArray());
  }

  private int run(String... arguments) {
    List<String> all = new ArrayList<>(List.of("quantize"));
    all.addAll(List.of(arguments));
    return ModelsCommand.commandLine(engines)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(all.toArray(String[]::new));
  }
}
