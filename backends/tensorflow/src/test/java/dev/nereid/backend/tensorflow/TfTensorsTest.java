package dev.nereid.backend.tensorflow;

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
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every element type and shape, in and out. */
@SuppressWarnings("NullAway.Init") // JUnit fills them before each test.
class TfTensorsTest {

  @TempDir private Path directory;
  private Backend backend;
  private Path version;

  @BeforeEach
  void start() throws Exception {
    backend = new TensorFlowProvider().start(Map.of());
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

  private ModelSpec spec(int maxBatchSize, TensorSpec input, TensorSpec output) {
    return ContractModel.spec(
        version, TfModels.FOLDER, maxBatchSize, List.of(input), List.of(output));
  }

  @ParameterizedTest
  @EnumSource
  void everyTypePasses(DataType type) throws Exception {
    ContractModel model = TfModels.echo(version, 8, type, -1, 3);
    assertThat(backend.inspect(model.spec().source()).inputs())
        .containsExactly(new TensorSpec("INPUT", type, -1, 3));
    assertEchoed(model, TestTensor.counting(type, 2, 3), TestTensor.counting(type, 1, 3));
  }

  @ParameterizedTest
  @EnumSource
  void everyTypePassesWithoutElements(DataType type) throws Exception {
    ContractModel model = TfModels.echo(version, 8, type, -1, -1);
    assertEchoed(model, TestTensor.counting(type, 2, 0), TestTensor.counting(type, 1, 0));
  }

  @ParameterizedTest
  @EnumSource(names = {"FP32", "UINT16", "BYTES"})
  void aModelWithoutABatchDimensionPassesItsShape(DataType type) throws Exception {
    ContractModel model = TfModels.echo(version, 0, type, 2, 3);
    TestTensor tensor = TestTensor.counting(type, 2, 3);
    TestBatch batch = execute(model.spec(), TestBatch.unbatched(new TestRequest("INPUT", tensor)));
    assertThat(batch.output(0, "OUTPUT")).usingRecursiveComparison().isEqualTo(tensor);
  }

  @ParameterizedTest
  @EnumSource(names = {"FP32", "INT64", "BYTES"})
  void aScalarIsWrittenAsAShapeOfOne(DataType type) throws Exception {
    TfModels.echo(version, 0, type);
    ModelSpec spec = spec(0, new TensorSpec("INPUT", type, 1), new TensorSpec("OUTPUT", type, 1));
    TestTensor tensor = TestTensor.counting(type, 1);
    TestBatch batch = execute(spec, TestBatch.unbatched(new TestRequest("INPUT", tensor)));
    assertThat(batch.output(0, "OUTPUT")).usingRecursiveComparison().isEqualTo(tensor);
  }

  @Test
  void theConfigDecidesTheShapeOfATensorWhoseRankIsUnknown() throws Exception {
    new GraphWriter()
        .input("INPUT", "in", DataType.FP32, -1, 3)
        .add("Identity", "out", DataType.FP32, "in")
        .outputOfUnknownRank("OUTPUT", "out:0", DataType.FP32)
        .write(version.resolve(TfModels.FOLDER));
    ModelSpec spec =
        spec(
            8,
            new TensorSpec("INPUT", DataType.FP32, -1, 3),
            new TensorSpec("OUTPUT", DataType.FP32, -1, 3));
    TestTensor tensor = TestTensor.fp32(new long[] {1, 3}, 1, 2, 3);
    TestBatch batch = execute(spec, TestBatch.of(new TestRequest("INPUT", tensor)));
    assertThat(batch.output(0, "OUTPUT").floats()).containsExactly(1, 2, 3);
    assertThat(backend.inspect(spec.source()).outputs())
        .containsExactly(new TensorSpec("OUTPUT", DataType.FP32, -1));
  }

  @Test
  void anOutputWithoutTheBatchsRowsIsRefused() throws Exception {
    new GraphWriter()
        .input("INPUT", "in", DataType.FP32, -1, 3)
        .add(
            GraphWriter.node(
                "Where", "out", node -> node.putAttr("T", GraphWriter.type(DataType.FP32)), "in"))
        .output("OUTPUT", "out:0", DataType.INT64, -1, 2)
        .write(version.resolve(TfModels.FOLDER));
    ModelSpec spec =
        spec(
            8,
            new TensorSpec("INPUT", DataType.FP32, -1, 3),
            new TensorSpec("OUTPUT", DataType.INT64, -1, 2));
    TestTensor tensor = TestTensor.fp32(new long[] {2, 3}, 1, 2, 0, 4, 5, 6);
    assertThatThrownBy(() -> execute(spec, TestBatch.of(new TestRequest("INPUT", tensor))))
        .isInstanceOf(BackendException.class)
        .hasMessage(
            "output 'OUTPUT': shape [5,2] (expected: a first dimension of 2, the rows of the batch)");
  }

  @ParameterizedTest
  @EnumSource(names = {"FP32", "BYTES"})
  void aModelThatKeepsItsInputIsNotDisturbedByLaterBatches(DataType type) throws Exception {
    // OUTPUT is what the variable held before this batch's INPUT was assigned to it.
    new GraphWriter()
        .input("INPUT", "in", type, -1, 3)
        .add(
            GraphWriter.node(
                "VarHandleOp",
                "kept",
                node ->
                    node.putAttr("dtype", GraphWriter.type(type))
                        .putAttr("shape", GraphWriter.shape(1, 3))
                        .putAttr("shared_name", GraphWriter.text("kept"))))
        .add(
            GraphWriter.node(
                "AssignVariableOp",
                "keep",
                node -> node.putAttr("dtype", GraphWriter.type(type)),
                "kept",
                "in"))
        .add(
            GraphWriter.node(
                "ReadVariableOp",
                "read",
                node -> node.putAttr("dtype", GraphWriter.type(type)),
                "kept"))
        .add(
            GraphWriter.node(
                "Identity",
                "stored",
                node -> node.putAttr("T", GraphWriter.type(type)),
                "in",
                "^keep"))
        .output("STORED", "stored:0", type, -1, 3)
        .output("READ", "read:0", type, -1, 3)
        .write(version.resolve(TfModels.FOLDER));
    ModelSpec spec =
        ContractModel.spec(
            version,
            TfModels.FOLDER,
            8,
            List.of(new TensorSpec("INPUT", type, -1, 3)),
            List.of(new TensorSpec("STORED", type, -1, 3), new TensorSpec("READ", type, -1, 3)));
    long[] shape = {1, 3};
    // TensorFlow keeps short strings in the tensor and long ones beside it.
    TestTensor tensor =
        type == DataType.BYTES
            ? TestTensor.strings(shape, "short", "long".repeat(25), "")
            : TestTensor.fp32(shape, 1, 2, 3);
    TestRequest kept = new TestRequest("INPUT", tensor);
    TestRequest other =
        new TestRequest(
            "INPUT",
            type == DataType.BYTES
                ? TestTensor.strings(shape, "other", "text".repeat(25), "x")
                : TestTensor.fp32(shape, 7, 8, 9));
    try (LoadedModel model = backend.load(spec);
        ModelInstance instance =
            model.createInstance(new InstanceSpec("model_0_0", InstanceKind.CPU, 0))) {
      instance.execute(TestBatch.of(other.wanting("STORED")));
      instance.execute(TestBatch.of(kept.wanting("STORED")));
      for (int i = 0; i < 10; i++) {
        TestBatch read = TestBatch.of(other.wanting("READ"));
        instance.execute(read);
        assertThat(read.output(0, "READ").raw()).isEqualTo(tensor.raw());
      }
    }
  }
}
