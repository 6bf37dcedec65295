package dev.nereid.server.config;

import static dev.nereid.tensor.DataType.FP32;
import static dev.nereid.tensor.DataType.INT32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.TextFormat;
import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.protocol.ModelConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelConfigLoaderTest {

  private static final SignatureBackend ONNX =
      SignatureBackend.onnx(
          List.of(new TensorSpec("INPUT0", INT32, -1, 16), new TensorSpec("INPUT1", INT32, -1, 16)),
          List.of(
              new TensorSpec("OUTPUT0", INT32, -1, 16), new TensorSpec("OUTPUT1", INT32, -1, 16)));

  private static final Map<String, Backend> BACKENDS =
      Map.of("onnxruntime", ONNX, "identity", SignatureBackend.silent());

  private static final String IDENTITY =
      """
      backend: "identity"
      input { name: "IN" data_type: TYPE_FP32 dims: 4 }
      output { name: "OUT" data_type: TYPE_FP32 dims: 4 }
      """;

  private Path repository;

  @BeforeEach
  void findAPlace(@TempDir Path folder) {
    repository = folder;
  }

  private static Backend backend(String name) throws BackendException {
    Backend backend = BACKENDS.get(name);
    if (backend == null) {
      throw new BackendException("no backend " + name);
    }
    return backend;
  }

  private static ModelConfigLoader loader(boolean autoComplete, Optional<String> configName) {
    return new ModelConfigLoader(
        ModelConfigLoaderTest::backend,
        new ModelConfigLoader.Options(autoComplete, configName, List.of()));
  }

  private static VersionConfig load(ModelFolder model) throws ConfigException {
    ModelConfigLoader loader = loader(true, Optional.empty());
    ModelDraft draft = loader.read(model.path());
    return loader.complete(draft, draft.versions().get(0));
  }

  private static void isRefused(ModelFolder model, String message) {
    assertThatThrownBy(() -> load(model)).isInstanceOf(ConfigException.class).hasMessage(message);
  }

  private static ModelConfig parse(String text) throws TextFormat.ParseException {
    return TextFormat.parse(text, ModelConfig.class);
  }

  /** What a Triton 24.10 answered for the same files. */
  @Test
  void aConfigIsCompletedAsTritonCompletesIt() throws Exception {
    ModelFolder simple =
        new ModelFolder(repository, "simple")
            .file("1/model.onnx", "")
            .file("labels.txt", "a\nb\n")
            .config(
                """
                name: "simple"
                platform: "onnxruntime_onnx"
                max_batch_size: 8
                input [
                  { name: "INPUT0" data_type: TYPE_INT32 dims: [ 16 ] },
                  { name: "INPUT1" data_type: TYPE_INT32 dims: [ 16 ] }
                ]
                output [
                  { name: "OUTPUT0" data_type: TYPE_INT32 dims: [ 16 ] label_filename: "labels.txt" },
                  { name: "OUTPUT1" data_type: TYPE_INT32 dims: [ 16 ] }
                ]
                instance_group [ { kind: KIND_CPU count: 1 } ]
                """);

    assertThat(load(simple).config())
        .isEqualTo(
            parse(
                """
                name: "simple"
                platform: "onnxruntime_onnx"
                backend: "onnxruntime"
                version_policy { latest { num_versions: 1 } }
                max_batch_size: 8
                input { name: "INPUT0" data_type: TYPE_INT32 dims: 16 }
                input { name: "INPUT1" data_type: TYPE_INT32 dims: 16 }
                output { name: "OUTPUT0" data_type: TYPE_INT32 dims: 16 label_filename: "labels.txt" }
                output { name: "OUTPUT1" data_type: TYPE_INT32 dims: 16 }
                instance_group { name: "simple_0" count: 1 kind: KIND_CPU }
                default_model_filename: "model.onnx"
                optimization {
                  input_pinned_memory { enable: true }
                  output_pinned_memory { enable: true }
                }
                """));
  }

  /** Likewise. */
  @Test
  void aBatcherWithoutPreferredSizesPrefersTheLargest() throws Exception {
    ModelFolder identity =
        new ModelFolder(repository, "identity_fp32")
            .file("1/.keep", "")
            .config(
                """
                name: "identity_fp32"
                backend: "identity"
                max_batch_size: 64
                input [ { name: "INPUT0" data_type: TYPE_FP32 dims: [224, 224, 3] } ]
                output [ { name: "OUTPUT0" data_type: TYPE_FP32 dims: [224, 224, 3] } ]
                instance_group [ { kind: KIND_CPU count: 1 } ]
                dynamic_batching { }
                """);

    assertThat(load(identity).config())
        .isEqualTo(
            parse(
                """
                name: "identity_fp32"
                backend: "identity"
                version_policy { latest { num_versions: 1 } }
                max_batch_size: 64
                input { name: "INPUT0" data_type: TYPE_FP32 dims: [224, 224, 3] }
                output { name: "OUTPUT0" data_type: TYPE_FP32 dims: [224, 224, 3] }
                instance_group { name: "identity_fp32_0" count: 1 kind: KIND_CPU }
                dynamic_batching { preferred_batch_size: 64 }
                optimization {
                  input_pinned_memory { enable: true }
                  output_pinned_memory { enable: true }
                }
                """));
  }

  /** Likewise. */
  @Test
  void aModelWithoutABatchDimensionStaysWithoutOne() throws Exception {
    ModelFolder identity =
        new ModelFolder(repository, "identity_nobatch")
            .file("1/.keep", "")
            .config(
                """
                name: "identity_nobatch"
                backend: "identity"
                max_batch_size: 0
                input [ { name: "INPUT0" data_type: TYPE_FP32 dims: [-1] } ]
                output [ { name: "OUTPUT0" data_type: TYPE_FP32 dims: [-1] } ]
                instance_group [ { kind: KIND_CPU count: 1 } ]
                """);

    VersionConfig version = load(identity);

    assertThat(version.config())
        .isEqualTo(
            parse(
                """
                name: "identity_nobatch"
                backend: "identity"
                version_policy { latest { num_versions: 1 } }
                input { name: "INPUT0" data_type: TYPE_FP32 dims: -1 }
                output { name: "OUTPUT0" data_type: TYPE_FP32 dims: -1 }
                instance_group { name: "identity_nobatch_0" count: 1 kind: KIND_CPU }
                optimization {
                  input_pinned_memory { enable: true }
                  output_pinned_memory { enable: true }
                }
                """));
    assertThat(version.spec().inputs()).containsExactly(new TensorSpec("INPUT0", FP32, -1));
  }

  @Test
  void aModelWithoutAFileIsWhatItsModelSays() throws Exception {
    VersionConfig version = load(new ModelFolder(repository, "bare").file("1/model.onnx", ""));

    assertThat(version.config())
        .isEqualTo(
            parse(
                """
                name: "bare"
                platform: "onnxruntime_onnx"
                backend: "onnxruntime"
                version_policy { latest { num_versions: 1 } }
                max_batch_size: 4
                input { name: "INPUT0" data_type: TYPE_INT32 dims: 16 }
                input { name: "INPUT1" data_type: TYPE_INT32 dims: 16 }
                output { name: "OUTPUT0" data_type: TYPE_INT32 dims: 16 }
                output { name: "OUTPUT1" data_type: TYPE_INT32 dims: 16 }
                instance_group { name: "bare" count: 2 kind: KIND_CPU }
                default_model_filename: "model.onnx"
                dynamic_batching { preferred_batch_size: 4 }
                optimization {
                  input_pinned_memory { enable: true }
                  output_pinned_memory { enable: true }
                }
                """));
    assertThat(version.batching())
        .isEqualTo(
            new BatchingConfig(
                "bare", 4, true, List.of(4), 0, false, 0, 0, QueuePolicy.UNBOUNDED, Map.of()));
    assertThat(version.instances())
        .containsExactly(
            new PlannedInstance(new InstanceSpec("bare_0", InstanceKind.CPU, 0), false),
            new PlannedInstance(new InstanceSpec("bare_1", InstanceKind.CPU, 0), false));
  }

  @Test
  void theBackendIsGivenEverythingItUses() throws Exception {
    ModelFolder model =
        new ModelFolder(repository, "m")
            .folder("3")
            .config(
                """
                backend: "onnxruntime"
                default_model_filename: "net/small.onnx"
                max_batch_size: 2
                input {
                  name: "IN" data_type: TYPE_FP32 dims: [ 3, -1 ] optional: true
                  reshape { shape: [ 3, 1, -1 ] }
                }
                output { name: "OUT" data_type: TYPE_INT32 dims: 1 reshape { } }
                instance_group [ { count: 2 }, { count: 1 passive: true } ]
                parameters { key: "intra_op_thread_count" value { string_value: "2" } }
                optimization {
                  graph { level: -1 }
                  execution_accelerators {
                    cpu_execution_accelerator { name: "openvino" }
                    gpu_execution_accelerator {
                      name: "tensorrt" parameters { key: "precision_mode" value: "FP16" }
                    }
                  }
                }
                """);

    VersionConfig version = load(model);

    ModelSpec spec = version.spec();
    assertThat(spec.source().modelName()).isEqualTo("m");
    assertThat(spec.source().version()).isEqualTo(3);
    assertThat(spec.source().modelPath()).isEqualTo(model.path().resolve("3/net/small.onnx"));
    assertThat(spec.source().parameters()).isEqualTo(Map.of("intra_op_thread_count", "2"));
    assertThat(spec.maxBatchSize()).isEqualTo(2);
    assertThat(spec.inputs())
        .containsExactly(new TensorSpec("IN", FP32, new long[] {-1, 3, 1, -1}, true));
    assertThat(spec.outputs()).containsExactly(new TensorSpec("OUT", INT32, -1));
    assertThat(spec.instances()).hasSize(3);
    assertThat(spec.graphOptimizationLevel()).hasValue(-1);
    assertThat(spec.accelerators())
        .containsExactly(
            new ModelSpec.Accelerator(
                InstanceKind.GPU, "tensorrt", Map.of("precision_mode", "FP16")),
            new ModelSpec.Accelerator(InstanceKind.CPU, "openvino", Map.of()));
    assertThat(version.inputReshapes()).containsOnlyKeys("IN");
    assertThat(version.inputReshapes().get("IN")).hasToString("[-1,3,-1] as [-1,3,1,-1]");
    assertThat(version.outputReshapes().get("OUT")).hasToString("[-1] as [-1,1]");
  }

  @Test
  void withoutAFilenameTheBackendsOwnIsUsed() throws Exception {
    VersionConfig version = load(new ModelFolder(repository, "m").folder("1").config(IDENTITY));

    assertThat(version.config().getDefaultModelFilename()).isEmpty();
    assertThat(version.spec().source().modelFilename()).isEqualTo("model.bin");
    assertThat(version.spec().graphOptimizationLevel()).isEmpty();
    assertThat(version.labels()).isEmpty();
    assertThat(version.inputReshapes()).isEmpty();
  }

  @Test
  void aVersionPolicyChoosesAmongWhatIsThere() throws Exception {
    ModelFolder model =
        new ModelFolder(repository, "m")
            .folder("1")
            .folder("2")
            .folder("10")
            .config(IDENTITY + "version_policy { specific { versions: [ 10, 1, 5 ] } }");

    assertThat(loader(true, Optional.empty()).read(model.path()).versions())
        .containsExactly(1L, 10L);
  }

  @Test
  void aModelWithoutAVersionIsRefused() {
    ModelFolder model = new ModelFolder(repository, "m").folder("0").config(IDENTITY);
    isRefused(
        model,
        model.path()
            + "/config.pbtxt: at least one version must be available under the version policy of model 'm'");
  }

  @Test
  void aVersionThatCannotBeIsRefused() {
    ModelFolder model =
        new ModelFolder(repository, "m")
            .folder("1")
            .config(IDENTITY + "version_policy { specific { versions: [ 1, 0 ] } }");
    isRefused(
        model,
        model.path()
            + "/config.pbtxt:4:44: version_policy.specific.versions[1]: 0 (expected: >= 1)");
  }

  @Test
  void aNameThatIsNotTheDirectorysIsRefused() {
    ModelFolder model =
        new ModelFolder(repository, "m").folder("1").config("name: 'n' " + IDENTITY);
    isRefused(
        model,
        model.path()
            + "/config.pbtxt:1:1: unexpected directory name 'm' for model 'n', directory name must equal model name");
  }

  /** Triton's own words are behind the place in the file, as ours are. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "max_batch_size: -1|1:1: 'max_batch_size' must be non-negative value for m",
        "dynamic_batching {~ preferred_batch_size: [ 0 ] }|2:26: dynamic batching preferred size must be positive for m",
        "dynamic_batching {~ priority_levels: 2 }|1:1: default priority level must be in range [1, 2] for m",
        "dynamic_batching { priority_levels: 2~ default_priority_level: 3 }|2:2: default priority level must be in range [1, 2] for m",
        "dynamic_batching { priority_levels: 1 default_priority_level: 1~ priority_queue_policy { key: 2 value { } } }|2:2: priority queue policy must have priority level in range [1, 1] for m",
        "dynamic_batching { preserve_ordering: true default_priority_level: 1~ priority_levels: 2 }|2:2: Only one priority level is allowed when 'preserve_ordering' is true for m",
        "instance_group [ { },~ { kind: KIND_GPU } ]|2:4: instance group m_1 of model m has kind KIND_GPU but no GPUs are available",
        "instance_group { kind: KIND_CPU~ gpus: 0 }|2:2: instance group m_0 of model m has kind KIND_CPU but specifies one or more GPUs",
        "platform: 'tensorrt_plan'|1:1: unexpected 'platform' and 'backend' pair, got:tensorrt_plan, onnxruntime",
        "input { name: 'A' data_type: TYPE_FP32~ dims: 0 }|2:2: model input 'A' dimension must be integer >= 1, or -1 to indicate a variable-size dimension for m",
        "output [ { name: 'A' data_type: TYPE_FP32 dims: 1 },~ { dims: 1 } ]|2:2: model output must specify 'name' for m",
        "output { name: 'OUTPUT0'~ label_filename: '../l' }|2:2: label file path '",
      })
  void tritonsWordsAreLedByThePlaceOfTheField(String config, String message) {
    ModelFolder model =
        new ModelFolder(repository, "m")
            .file("1/model.onnx", "")
            .config(config.replace('~', '\n') + "\nbackend: 'onnxruntime'");

    assertThatThrownBy(() -> load(model))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(model.path() + "/config.pbtxt:" + message);
  }

  @Test
  void aGraphWithoutASignatureIsRefused() {
    String message =
        "platform: tensorflow_graphdef (expected: tensorflow_savedmodel; graphs without a"
            + " signature are not supported yet)";
    isRefused(new ModelFolder(repository, "bare").file("1/model.graphdef", ""), message);
    ModelFolder model =
        new ModelFolder(repository, "m").folder("1").config("platform: 'tensorflow_graphdef'");
    isRefused(model, model.path() + "/config.pbtxt:1:1: " + message);
  }

  @Test
  void aBackendThatIsNotThereFailsTheModel() {
    isRefused(
        new ModelFolder(repository, "m").folder("1").config("backend: 'caffe'"),
        "no backend caffe");
  }

  @ParameterizedTest
  @ValueSource(strings = {"../model.onnx", "/etc/passwd", "a/../../b"})
  void aModelFileOutsideItsVersionIsRefused(String filename) {
    ModelFolder model =
        new ModelFolder(repository, "m")
            .folder("1")
            .config(IDENTITY + "default_model_filename: '" + filename + "'");
    isRefused(
        model,
        model.path()
            + "/config.pbtxt:4:1: default_model_filename: "
            + filename
            + " (expected: a path inside the version's directory)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a-b", "_a", "\u00f6", "a b"})
  void aMetricTagThatCannotBeALabelIsRefused(String key) {
    ModelFolder model =
        new ModelFolder(repository, "m")
            .folder("1")
            .config(IDENTITY + "metric_tags { key: '" + key + "' value: 'x' }");
    isRefused(
        model,
        model.path()
            + "/config.pbtxt:4:1: metric_tags: '"
            + key
            + "' (expected: a key of letters, digits and underscores)");
  }

  @Test
  void aBackendThatNoFolderCanBeNamedAfterIsRefused() {
    ModelFolder model = new ModelFolder(repository, "m").folder("1").config("backend: 'a\\000b'");
    isRefused(
        model, model.path() + "/config.pbtxt:1:1: backend: a\0b (expected: a backend's name)");
  }

  @Test
  void aModelThatNothingDescribesIsRefused() {
    isRefused(
        new ModelFolder(repository, "net.identity").folder("1"),
        "model configuration is not provided for model 'net.identity'");
  }

  @Test
  void aModelWithoutTensorsIsRefused() {
    ModelFolder model = new ModelFolder(repository, "m").folder("1").config("backend: 'identity'");
    isRefused(model, model.path() + "/config.pbtxt: input: none (expected: at least one)");
  }

  @Test
  void withoutAutoCompletionAConfigIsNeeded() {
    ModelFolder model = new ModelFolder(repository, "m").file("1/model.onnx", "");

    assertThatThrownBy(() -> loader(false, Optional.empty()).read(model.path()))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            model.path()
                + "/config.pbtxt: no such file (expected: one, since auto-completion is off)");
  }

  @Test
  void withoutAutoCompletionNothingIsTakenFromTheModel() throws Exception {
    ModelFolder model =
        new ModelFolder(repository, "m").file("1/model.onnx", "").config("max_batch_size: 2");
    ModelConfigLoader loader = loader(false, Optional.empty());
    ModelDraft draft = loader.read(model.path());

    assertThat(draft.config().getBackend()).isEqualTo("onnxruntime");
    assertThatThrownBy(() -> loader.complete(draft, 1))
        .isInstanceOf(ConfigException.class)
        .hasMessage(model.path() + "/config.pbtxt: input: none (expected: at least one)");
  }

  @Test
  void aLinkThatLeadsNowhereIsNotTakenForNoConfig() throws Exception {
    ModelFolder model = new ModelFolder(repository, "m").file("1/model.onnx", "");
    Files.createSymbolicLink(model.path().resolve("config.pbtxt"), repository.resolve("gone"));

    assertThatThrownBy(() -> load(model))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(model.path() + "/config.pbtxt: cannot be read: ");
  }

  @Test
  void aNamedConfigIsReadWhereAModelHasIt() throws Exception {
    ModelFolder model =
        new ModelFolder(repository, "m")
            .folder("1")
            .config(IDENTITY)
            .file("configs/big.pbtxt", IDENTITY + "max_batch_size: 32");

    assertThat(loader(true, Optional.of("big")).read(model.path()).config().getMaxBatchSize())
        .isEqualTo(32);
    assertThat(loader(true, Optional.of("small")).read(model.path()).config().getMaxBatchSize())
        .isZero();
  }

  @Test
  void aPreferredSizeThatTheCompletedBatchCannotHoldIsRefused() {
    ModelFolder model =
        new ModelFolder(repository, "m")
            .file("1/model.onnx", "")
            .config("dynamic_batching { preferred_batch_size: 8 }");
    isRefused(
        model,
        model.path()
            + "/config.pbtxt:1:20: dynamic batching preferred size must be <= max batch size for m");
  }

  @Test
  void versionsMayHoldDifferentFiles() throws Exception {
    ModelFolder model =
        new ModelFolder(repository, "m")
            .file("1/model.onnx", "")
            .file("2/model.onnx", "")
            .config("version_policy { all { } }");
    ModelConfigLoader loader = loader(true, Optional.empty());
    ModelDraft draft = loader.read(model.path());

    assertThat(loader.complete(draft, 1).spec().source().versionDirectory())
        .isEqualTo(model.path().resolve("1"));
    assertThat(loader.complete(draft, 2).spec().source().versionDirectory())
        .isEqualTo(model.path().resolve("2"));
  }
}
