package dev.nereid.backend.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.backend.contract.TestBatch;
import dev.nereid.backend.contract.TestRequest;
import dev.nereid.backend.contract.TestTensor;
import dev.nereid.tensor.DataType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which graph and which signature of a SavedModel are served. */
@SuppressWarnings("NullAway.Init") // JUnit fills them before each test.
class TfSignatureTest {

  @TempDir private Path directory;
  private Backend backend;

  @BeforeEach
  void start() throws Exception {
    backend = new TensorFlowProvider().start(Map.of());
  }

  private ModelSource source(Map<String, String> parameters) {
    return new ModelSource("tagged", 1, directory, TfModels.FOLDER, parameters);
  }

  private void write(String tag, String key) throws Exception {
    new GraphWriter()
        .tags(tag)
        .key(key)
        .input("x", "in", DataType.FP32, -1, 2)
        .add("Identity", "out", DataType.FP32, "in")
        .output("y", "out:0", DataType.FP32, -1, 2)
        .write(directory.resolve(TfModels.FOLDER));
  }

  private void assertServed(Map<String, String> parameters) throws Exception {
    assertThat(backend.inspect(source(parameters)).inputs())
        .containsExactly(new TensorSpec("x", DataType.FP32, -1, 2));
  }

  private void assertRefused(Map<String, String> parameters, String message) {
    assertThatThrownBy(() -> backend.inspect(source(parameters)))
        .isInstanceOf(BackendException.class)
        .hasMessage(message);
  }

  @Test
  void servesTheDefaultTagAndKey() throws Exception {
    write("serve", "serving_default");
    assertServed(Map.of());
    assertServed(Map.of("TF_GRAPH_TAG", "serve", "TF_SIGNATURE_DEF", "serving_default"));
  }

  @Test
  void servesTheTagAndKeyThatTheConfigNames() throws Exception {
    write("tpu", "detect");
    assertServed(Map.of("TF_GRAPH_TAG", "tpu", "TF_SIGNATURE_DEF", "detect"));
    assertServed(Map.of("TF_GRAPH_TAG", "tpu"));
  }

  @Test
  void servesTheOnlyOtherSignatureWhereThereIsNoDefault() throws Exception {
    write("serve", "detect");
    assertServed(Map.of());
  }

  private static GraphWriter identity(int columns, String... tags) {
    return new GraphWriter()
        .tags(tags)
        .input("x", "in" + columns, DataType.FP32, -1, columns)
        .add("Identity", "out" + columns, DataType.FP32, "in" + columns)
        .output("y", "out" + columns + ":0", DataType.FP32, -1, columns);
  }

  private void assertRuns(int columns) throws Exception {
    ModelSpec spec =
        ModelSpec.of(
            source(Map.of()),
            8,
            List.of(new TensorSpec("x", DataType.FP32, -1, columns)),
            List.of(new TensorSpec("y", DataType.FP32, -1, columns)));
    TestTensor tensor = TestTensor.counting(DataType.FP32, 1, columns);
    try (LoadedModel model = backend.load(spec);
        ModelInstance instance =
            model.createInstance(new InstanceSpec("tagged_0_0", InstanceKind.CPU, 0))) {
      TestBatch batch = TestBatch.of(new TestRequest("x", tensor));
      instance.execute(batch);
      assertThat(batch.output(0, "y").raw()).isEqualTo(tensor.raw());
    }
  }

  @Test
  void ofTwoGraphsServesTheOneThatHasTheTagAlone() throws Exception {
    GraphWriter.write(
        directory.resolve(TfModels.FOLDER), identity(3, "serve", "tpu"), identity(2, "serve"));
    assertServed(Map.of());
    assertRuns(2);
  }

  @Test
  void servesAGraphByOneOfItsTags() throws Exception {
    identity(2, "serve", "gpu").write(directory.resolve(TfModels.FOLDER));
    assertServed(Map.of());
    assertServed(Map.of("TF_GRAPH_TAG", "gpu"));
    assertRuns(2);
  }

  @Test
  void refusesATagOrKeyThatIsNotThereWithTritonsText() throws Exception {
    write("serve", "serving_default");
    assertRefused(
        Map.of("TF_GRAPH_TAG", "tpu"), "unable to load model 'tagged', expected 'tpu' tag");
    assertRefused(
        Map.of("TF_SIGNATURE_DEF", "detect"),
        "unable to load model 'tagged', expected 'detect' signature");
  }

  @Test
  void neverServesWhatInitialises() throws Exception {
    write("serve", "__saved_model_init_op");
    assertRefused(Map.of(), "unable to load model 'tagged', expected 'serving_default' signature");
  }

  @Test
  void refusesATensorThatNoRequestCanCarry() throws Exception {
    GraphWriter model = new GraphWriter();
    model.input("x", "in", DataType.FP32, -1, 2);
    model.outputOfType("y", "in:0", org.tensorflow.proto.DataType.DT_COMPLEX64);
    model.write(directory.resolve(TfModels.FOLDER));
    assertRefused(
        Map.of(), "unable to process output 'y' for 'tagged', unsupported datatype 'DT_COMPLEX64'");
  }

  @Test
  void refusesAFileThatIsCutOffWithinItsGraph() throws Exception {
    Path version = Files.createDirectories(directory.resolve("heavy").resolve("1"));
    TfModels.heavyAddSub(version);
    Path file = version.resolve(TfModels.FOLDER).resolve("saved_model.pb");
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length - 1_000_000));
    ModelSource cut = new ModelSource("heavy", 1, version, TfModels.FOLDER, Map.of());
    assertThatThrownBy(() -> backend.inspect(cut))
        .isInstanceOf(BackendException.class)
        .hasMessageStartingWith("unable to load model 'heavy', ")
        .hasMessageContaining("is not a SavedModel");
  }
}
