package dev.nereid.backend.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.backend.contract.ContractModel;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every element type and shape, in and out. */
@SuppressWarnings("NullAway.Init") // JUnit fills them before each test.
class OnnxTensorsTest {

  @TempDir private Path directory;
  private Backend backend;
  private Path version;

  @BeforeEach
  void start() throws Exception {
    backend = new OnnxRuntimeProvider().start(Map.of());
    version = Files.createDirectories(directory.resolve("model").resolve("1"));
  }

  private TestBatch execute(ModelSpec spec, TestBatch batch) throws BackendException {
    try (LoadedModel model = backend.load(spec);
        ModelInstance instance =
            model.createInstance(new InstanceSpec("model_0_0", InstanceKind.CPU, 0))) {
      instance.execute(batch);
      return batch.assertSound();
    }
  }

  private void assertEchoed(ContractModel model, TestTensor first, TestTensor second)
      throws BackendException {
    TestBatch batch =
        execute(
            model.spec(),
            TestBatch.of(new TestRequest("INPUT", first), new TestRequest("INPUT", second)));
    assertThat(batch.output(0, "OUTPUT")).usingRecursiveComparison().isEqualTo(first);
    assertThat(batch.output(1, "OUTPUT")).usingRecursiveComparison().isEqualTo(second);
  }

  @ParameterizedTest
  @EnumSource
  void everyTypePassesWhereTheOutputsShapeIsKnown(DataType type) throws Exception {
    ContractModel model = OnnxModels.echo(version, 8, type, -1, 3);
    assertThat(backend.inspect(model.spec().source()).inputs())
        .containsExactly(new TensorSpec("INPUT", type, -1, 3));
    assertEchoed(model, TestTensor.counting(type, 2, 3), TestTensor.counting(type, 1, 3));
  }

  @ParameterizedTest
  @EnumSource
  void everyTypePassesWhereOnlyTheRunTellsTheOutputsShape(DataType type) throws Exception {
    ContractModel model = OnnxModels.echo(version, 8, type, -1, -1);
    assertEchoed(model, TestTensor.counting(type, 2, 5), TestTensor.counting(type, 1, 5));
    assertEchoed(model, TestTensor.counting(type, 1, 2), TestTensor.counting(type, 3, 2));
  }

  @ParameterizedTest
  @EnumSource
  void aTensorWithoutElementsPasses(DataType type) throws Exception {
    ContractModel model = OnnxModels.echo(version, 8, type, -1, -1);
    assertEchoed(model, TestTensor.counting(type, 2, 0), TestTensor.counting(type, 1, 0));
  }

  @ParameterizedTest
  @EnumSource(names = {"FP32", "UINT16", "BYTES"})
  void aModelWithoutABatchDimensionPassesItsShape(DataType type) throws Exception {
    ContractModel model = OnnxModels.echo(version, 0, type, 2, 3);
    TestTensor tensor = TestTensor.counting(type, 2, 3);
    TestBatch batch = execute(model.spec(), TestBatch.unbatched(new TestRequest("INPUT", tensor)));
    assertThat(batch.output(0, "OUTPUT")).usingRecursiveComparison().isEqualTo(tensor);
  }

  @ParameterizedTest
  @EnumSource(names = {"FP32", "INT64", "BYTES"})
  void aScalarIsWrittenAsAShapeOfOne(DataType type) throws Exception {
    OnnxModels.echo(version, 0, type);
    ModelSpec spec =
        OnnxModels.spec(
            version,
            0,
            List.of(new TensorSpec("INPUT", type, 1)),
            List.of(new TensorSpec("OUTPUT", type, 1)));
    TestTensor tensor = TestTensor.counting(type, 1);
    TestBatch batch = execute(spec, TestBatch.unbatched(new TestRequest("INPUT", tensor)));
    assertThat(batch.output(0, "OUTPUT")).usingRecursiveComparison().isEqualTo(tensor);
  }

  @Test
  void aModelWithAnOutputThatIsNoTensorServesItsOthers() throws Exception {
    new OnnxWriter()
        .node("Identity", new String[] {"INPUT"}, "OUTPUT")
        .node("SequenceConstruct", new String[] {"INPUT"}, "SEQUENCE")
        .input("INPUT", DataType.FP32, -1, 3)
        .output("OUTPUT", DataType.FP32, -1, 3)
        .sequenceOutput("SEQUENCE", DataType.FP32, -1, 3)
        .write(version.resolve("model.onnx"));
    ModelSpec spec =
        OnnxModels.spec(
            version,
            8,
            List.of(new TensorSpec("INPUT", DataType.FP32, -1, 3)),
            List.of(new TensorSpec("OUTPUT", DataType.FP32, -1, 3)));
    TestTensor tensor = TestTensor.fp32(new long[] {1, 3}, 1, 2, 3);
    TestBatch batch = execute(spec, TestBatch.of(new TestRequest("INPUT", tensor)));
    assertThat(batch.output(0, "OUTPUT").floats()).containsExactly(1, 2, 3);
    assertThatThrownBy(() -> backend.inspect(spec.source()))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("output 'SEQUENCE'")
        .hasMessageContaining("expected: a tensor");
  }

  @ParameterizedTest
  @ValueSource(longs = {2, -1})
  void anOutputWithoutTheBatchsRowsIsRefused(long columns) throws Exception {
    new OnnxWriter()
        .node("NonZero", new String[] {"INPUT"}, "places")
        .node("Transpose", new String[] {"places"}, "OUTPUT")
        .input("INPUT", DataType.FP32, -1, 3)
        .output("OUTPUT", DataType.INT64, -1, columns)
        .write(version.resolve("model.onnx"));
    ModelSpec spec =
        OnnxModels.spec(
            version,
            8,
            List.of(new TensorSpec("INPUT", DataType.FP32, -1, 3)),
            List.of(new TensorSpec("OUTPUT", DataType.INT64, -1, 2)));
    TestTensor tensor = TestTensor.counting(DataType.FP32, 5, 3);
    assertThatThrownBy(() -> execute(spec, TestBatch.of(new TestRequest("INPUT", tensor))))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("shape");
  }

  @ParameterizedTest
  @EnumSource(names = {"FP32", "BYTES"})
  void anOutputThatIsAnInputAnswersWithIt(DataType type) throws Exception {
    new OnnxWriter()
        .node("Identity", new String[] {"SAME"}, "COPY")
        .input("SAME", type, -1, 3)
        .output("SAME", type, -1, 3)
        .output("COPY", type, -1, 3)
        .write(version.resolve("model.onnx"));
    TensorSpec same = new TensorSpec("SAME", type, -1, 3);
    ModelSpec spec =
        OnnxModels.spec(
            version, 8, List.of(same), List.of(same, new TensorSpec("COPY", type, -1, 3)));
    TestTensor first = TestTensor.counting(type, 2, 3);
    TestTensor second = TestTensor.counting(type, 1, 3);
    TestBatch batch =
        execute(
            spec, TestBatch.of(new TestRequest("SAME", first), new TestRequest("SAME", second)));
    for (String output : List.of("SAME", "COPY")) {
      assertThat(batch.output(0, output).raw()).isEqualTo(first.raw());
      assertThat(batch.output(1, output).raw()).isEqualTo(second.raw());
    }
  }

  @Test
  void anInputThatNothingReadsIsTaken() throws Exception {
    new OnnxWriter()
        .node("Identity", new String[] {"READ"}, "OUTPUT")
        .input("READ", DataType.FP32, -1, 3)
        .input("UNREAD", DataType.BYTES, -1, 1)
        .output("OUTPUT", DataType.FP32, -1, 3)
        .write(version.resolve("model.onnx"));
    ModelSpec spec =
        OnnxModels.spec(
            version,
            8,
            List.of(
                new TensorSpec("READ", DataType.FP32, -1, 3),
                new TensorSpec("UNREAD", DataType.BYTES, -1, 1)),
            List.of(new TensorSpec("OUTPUT", DataType.FP32, -1, 3)));
    TestRequest request =
        new TestRequest(
            Map.of(
                "READ", TestTensor.fp32(new long[] {1, 3}, 1, 2, 3),
                "UNREAD", TestTensor.strings(new long[] {1, 1}, "nobody")));
    TestBatch batch = execute(spec, TestBatch.of(request));
    assertThat(batch.output(0, "OUTPUT").floats()).containsExactly(1, 2, 3);
  }

  @Test
  void anOutputMayHaveNoRowsWhereThereIsNoBatch() throws Exception {
    new OnnxWriter()
        .node("NonZero", new String[] {"INPUT"}, "OUTPUT")
        .input("INPUT", DataType.FP32, 1, 3)
        .output("OUTPUT", DataType.INT64, 2, -1)
        .write(version.resolve("model.onnx"));
    ModelSpec spec =
        OnnxModels.spec(
            version,
            0,
            List.of(new TensorSpec("INPUT", DataType.FP32, 1, 3)),
            List.of(new TensorSpec("OUTPUT", DataType.INT64, 2, -1)));
    TestTensor nothing = TestTensor.fp32(new long[] {1, 3}, 0, 0, 0);
    TestBatch batch = execute(spec, TestBatch.unbatched(new TestRequest("INPUT", nothing)));
    assertThat(batch.output(0, "OUTPUT").shape()).containsExactly(2, 0);
  }

  @Test
  void weightsMayLieInAFileOfTheirOwn() throws Exception {
    ModelSpec spec = scaleByFileBeside("weights.bin", 2, 3, 4);
    TestTensor tensor = TestTensor.fp32(new long[] {1, 3}, 1, 2, 3);
    TestBatch batch = execute(spec, TestBatch.of(new TestRequest("INPUT", tensor)));
    assertThat(batch.output(0, "OUTPUT").floats()).containsExactly(2, 6, 12);
  }

  @Test
  void aFileOfWeightsThatIsCutOffMissingOrElsewhereIsRefused() throws Exception {
    ModelSpec spec = scaleByFileBeside("weights.bin", 2, 3, 4);
    Path weights = version.resolve("weights.bin");
    Files.write(weights, Arrays.copyOf(Files.readAllBytes(weights), 7));
    assertRefused(spec);
    Files.delete(weights);
    assertRefused(spec);
    assertRefused(scaleByFileBeside("../secret.bin", 2, 3, 4));
  }

  private void assertRefused(ModelSpec spec) {
    assertThatThrownBy(() -> backend.inspect(spec.source()))
        .isInstanceOf(BackendException.class)
        .hasMessageStartingWith("unable to load model 'model', ");
    assertThatThrownBy(() -> backend.load(spec))
        .isInstanceOf(BackendException.class)
        .hasMessageStartingWith("unable to load model 'model', ");
  }

  /** OUTPUT is INPUT times weights that the model has by reference to a file. */
  private ModelSpec scaleByFileBeside(String location, float... weights) throws Exception {
    Files.write(version.resolve(location), TestTensor.fp32(new long[] {3}, weights).raw());
    new OnnxWriter()
        .weightInFile("weight", location, 3)
        .node("Mul", new String[] {"INPUT", "weight"}, "OUTPUT")
        .input("INPUT", DataType.FP32, -1, 3)
        .output("OUTPUT", DataType.FP32, -1, 3)
        .write(version.resolve("model.onnx"));
    return OnnxModels.spec(
        version,
        8,
        List.of(new TensorSpec("INPUT", DataType.FP32, -1, 3)),
        List.of(new TensorSpec("OUTPUT", DataType.FP32, -1, 3)));
  }

  @Test
  void aFolderWithTheFileInItStandsForTheFile() throws Exception {
    ContractModel model = OnnxModels.echo(version, 8, DataType.FP32, -1, 3);
    Path file = version.resolve("model.onnx");
    Path aside = Files.move(file, version.resolve("aside"));
    Files.move(aside, Files.createDirectory(file).resolve("model.onnx"));
    TestTensor tensor = TestTensor.fp32(new long[] {1, 3}, 1, 2, 3);
    TestBatch batch = execute(model.spec(), TestBatch.of(new TestRequest("INPUT", tensor)));
    assertThat(batch.output(0, "OUTPUT").floats()).containsExactly(1, 2, 3);
  }
}
