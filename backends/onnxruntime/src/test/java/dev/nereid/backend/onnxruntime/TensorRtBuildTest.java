package dev.nereid.backend.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtException.OrtErrorCode;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.backend.contract.TurnTaken;
import dev.nereid.tensor.DataType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where engines are built and kept, with a test in the place of the provider that builds them. */
@SuppressWarnings("NullAway.Init") // JUnit fills these before each test.
class TensorRtBuildTest {

  @TempDir private Path directory;
  private Path version;
  private Path model;
  private Path cache;

  /** The options of each attempt. */
  private final List<Map<String, String>> attempts = new ArrayList<>();

  @BeforeEach
  void makeAModel() throws IOException {
    version = Files.createDirectories(directory.resolve("models/m/1"));
    model = Files.writeString(version.resolve("model.onnx"), "graph and weights");
    cache = directory.resolve("cache/h100");
  }

  private ModelSpec spec(int maxBatchSize, TensorSpec... inputs) {
    return ModelSpec.of(
        new ModelSource("m", 1, version, "model.onnx", Map.of()),
        maxBatchSize,
        List.of(inputs),
        List.of(new TensorSpec("output", DataType.FP32, -1, 1000)));
  }

  private ModelSpec images() {
    return spec(64, new TensorSpec("input", DataType.FP32, -1, 224, 224, 3));
  }

  private TensorRtBuild build(ModelSpec spec, Map<String, String> parameters)
      throws BackendException {
    TensorRtOptions asked = TensorRtOptions.of(GpuSettingsTest.accelerator("tensorrt", parameters));
    return new TensorRtBuild(spec, model, cache, asked);
  }

  /** As the provider: takes the engine that is there, or writes one. */
  private String provide(Map<String, String> options) {
    attempts.add(options);
    Path engine = Path.of(options.get("trt_engine_cache_path"), "graph.engine");
    try {
      if (Files.exists(engine)) {
        return "found";
      }
      Files.writeString(engine, "engine");
      return "built";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static OrtException failure(String message) {
    return new OrtException(OrtErrorCode.ORT_EP_FAIL, message);
  }

  @Test
  void anEngineIsBuiltForEveryBatchAtLoadAndFoundAtTheNextStart() throws Exception {
    assertThat(build(images(), Map.of("precision_mode", "FP16")).open(this::provide))
        .isEqualTo("built");
    assertThat(attempts.get(0))
        .containsEntry("trt_fp16_enable", "1")
        .containsEntry("trt_engine_cache_enable", "1")
        .containsEntry("trt_timing_cache_enable", "1")
        .containsEntry("trt_profile_min_shapes", "input:1x224x224x3")
        .containsEntry("trt_profile_opt_shapes", "input:64x224x224x3")
        .containsEntry("trt_profile_max_shapes", "input:64x224x224x3");
    assertThat(Path.of(attempts.get(0).get("trt_engine_cache_path"))).startsWith(cache);
    assertThat(build(images(), Map.of("precision_mode", "FP16")).open(this::provide))
        .isEqualTo("found");
  }

  @Test
  void aBuildWaitsForTheOneOfAnotherBackend() throws Exception {
    TensorRtBuild build = build(images(), Map.of());
    assertThat(TurnTaken.waitsForIt(() -> build.open(this::provide))).isEqualTo("built");
  }

  @Test
  void otherWeightsAndOtherOptionsAreOtherEngines() throws Exception {
    build(images(), Map.of("precision_mode", "FP16")).open(this::provide);
    assertThat(build(images(), Map.of("precision_mode", "INT8")).open(this::provide))
        .isEqualTo("built");
    Files.writeString(model, "graph and weight!");
    assertThat(build(images(), Map.of("precision_mode", "FP16")).open(this::provide))
        .isEqualTo("built");
    Files.writeString(version.resolve("model.onnx.data"), "more weights");
    assertThat(build(images(), Map.of("precision_mode", "FP16")).open(this::provide))
        .isEqualTo("built");
  }

  @Test
  void halfAnEngineOfAProcessThatDiedIsNotUsed() throws Exception {
    assertThatThrownBy(
            () ->
                build(images(), Map.of())
                    .open(
                        options -> {
                          provide(options);
                          throw new IllegalStateException("killed");
                        }))
        .hasMessage("killed");
    assertThat(build(images(), Map.of()).open(this::provide)).isEqualTo("built");
  }

  @Test
  void anEngineThatCannotBeReadIsBuiltAgain() throws Exception {
    build(images(), Map.of()).open(this::provide);
    String second =
        build(images(), Map.of())
            .open(
                options -> {
                  String provided = provide(options);
                  if (provided.equals("found")) {
                    throw failure("TensorRT EP could not deserialize engine from cache: x");
                  }
                  return provided;
                });
    assertThat(second).isEqualTo("built");
    assertThat(attempts).hasSize(3);
  }

  @Test
  void anErrorThatIsNotTheCachesIsNotTriedAgain() throws Exception {
    build(images(), Map.of()).open(this::provide);
    assertThatThrownBy(
            () ->
                build(images(), Map.of())
                    .open(
                        options -> {
                          throw failure("CUDA failure 2: out of memory ; GPU=0");
                        }))
        .isInstanceOf(OrtException.class)
        .hasMessageContaining("out of memory");
    assertThat(build(images(), Map.of()).open(this::provide)).isEqualTo("found");
  }

  @Test
  void aGraphThatIsCutLoadsWithoutProfilesAndItsEnginesAreNotKept() throws Exception {
    TensorRtBuild.Attempt<String> cut =
        options -> {
          if (options.containsKey("trt_profile_min_shapes")) {
            throw failure(
                "User needs to provide all the dynamic shape inputs with associated profiles");
          }
          return provide(options);
        };
    assertThat(build(images(), Map.of()).open(cut)).isEqualTo("built");
    assertThat(build(images(), Map.of()).open(cut)).isEqualTo("built");
  }

  @Test
  void profilesOfTheConfigStandAsTheyAre() throws Exception {
    Map<String, String> own =
        Map.of(
            "trt_profile_min_shapes", "input:8x224x224x3",
            "trt_profile_opt_shapes", "input:8x224x224x3",
            "trt_profile_max_shapes", "input:8x224x224x3");
    build(images(), own).open(this::provide);
    assertThat(attempts.get(0)).containsAllEntriesOf(own);
  }

  @Test
  void whereShapesCannotBeToldThereIsNoProfile() throws Exception {
    assertThat(ShapeProfiles.of(spec(8, new TensorSpec("text", DataType.INT64, -1, -1)))).isEmpty();
    assertThat(ShapeProfiles.of(spec(8, new TensorSpec("in:0", DataType.FP32, -1, 3)))).isEmpty();
    assertThat(ShapeProfiles.of(spec(8, new TensorSpec("s", DataType.BYTES, -1, 3)))).isEmpty();
    assertThat(ShapeProfiles.of(spec(0, new TensorSpec("x", DataType.FP32, 2, 3)))).isEmpty();
  }

  @Test
  void aFolderOfTheConfigsIsItsOwnAffair() throws Exception {
    Path own = Files.createDirectories(directory.resolve("own"));
    build(images(), Map.of("trt_engine_cache_path", own.toString())).open(this::provide);
    assertThat(attempts.get(0))
        .containsEntry("trt_engine_cache_path", own.toString())
        .doesNotContainKey("trt_engine_cache_enable");
    assertThat(cache).doesNotExist();
  }

  @Test
  void noEngineIsKeptWhereTheConfigSaysSo() throws Exception {
    build(images(), Map.of("trt_engine_cache_enable", "0"))
        .open(
            options -> {
              attempts.add(options);
              return "built";
            });
    assertThat(attempts.get(0))
        .containsEntry("trt_engine_cache_enable", "0")
        .doesNotContainKey("trt_engine_cache_path");
    assertThat(cache).doesNotExist();
  }

  @Test
  void aFolderThatCannotBeMadeCostsTheCacheAndNotTheModel() throws Exception {
    Files.writeString(directory.resolve("cache"), "a file where the folder would be");
    String built =
        build(images(), Map.of())
            .open(
                options -> {
                  attempts.add(options);
                  return "built";
                });
    assertThat(built).isEqualTo("built");
    assertThat(attempts.get(0)).doesNotContainKey("trt_engine_cache_path");
  }

  @Test
  void aCalibrationTableLiesBesideTheModel() throws Exception {
    Map<String, String> int8 =
        Map.of("precision_mode", "INT8", "int8_calibration_table_name", "table.txt");
    assertThatThrownBy(() -> build(images(), int8).open(this::provide))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("table.txt (expected: a file in " + version);
    Files.writeString(version.resolve("table.txt"), "ranges");
    build(images(), int8).open(this::provide);
    assertThat(Path.of(attempts.get(0).get("trt_engine_cache_path"), "table.txt"))
        .hasContent("ranges");
    assertThatThrownBy(
            () ->
                build(images(), Map.of("int8_calibration_table_name", "../../other"))
                    .open(this::provide))
        .isInstanceOf(BackendException.class);
  }

  @Test
  void tensorRtsVersionIsReadFromItsLibraryAndOneThatIsMissingIsNamed() throws Exception {
    assertThatThrownBy(() -> TensorRtLibrary.version("libno_such_nvinfer.so.10"))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("TensorRT cannot be loaded: libno_such_nvinfer.so.10: cannot open")
        .hasMessageContaining("of TensorRT 10.6");
    Path library =
        CompiledLibrary.of(
            directory, "libfakenvinfer.so", "int getInferLibVersion(void) { return 100601; }");
    assertThat(TensorRtLibrary.version(library.toString())).isEqualTo("10.6.1");
  }
}
