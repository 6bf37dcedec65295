package dev.nereid.backend.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendProvider;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Batches between the sizes that a model is run with. */
class PaddedBatchTest {

  private static final Map<String, String> SIZES = Map.of("allowed_batch_sizes", "4,8");

  @TempDir Path repository;

  private Path version() throws Exception {
    return Files.createDirectories(repository.resolve("m/1"));
  }

  private void run(BackendProvider provider, ContractModel model, TestBatch batch)
      throws Exception {
    try (Backend backend = provider.start(Map.of());
        LoadedModel loaded = backend.load(model.withParameters(SIZES).spec());
        ModelInstance instance = loaded.createInstance(model.spec().instances().get(0))) {
      instance.execute(batch);
      batch.assertSound();
    }
  }

  private static TestTensor counting(int rows) {
    float[] values = new float[rows * 16];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    return TestTensor.fp32(new long[] {rows, 16}, values);
  }

  private static TestRequest numbers(int rows) {
    return new TestRequest(Map.of("INPUT0", counting(rows), "INPUT1", counting(rows)));
  }

  /** The shape that the graph itself saw, as an output. */
  private ContractModel rowsSeen() throws Exception {
    Path folder = version().resolve(TfModels.FOLDER);
    new GraphWriter()
        .input("INPUT", "in", DataType.FP32, -1, 16)
        .add(
            GraphWriter.node(
                "Shape",
                "shape",
                node ->
                    node.putAttr("T", GraphWriter.type(DataType.FP32))
                        .putAttr("out_type", GraphWriter.type(DataType.INT32)),
                "in"))
        .add(
            GraphWriter.node(
                "Cast",
                "cast",
                node ->
                    node.putAttr("SrcT", GraphWriter.type(DataType.INT32))
                        .putAttr("DstT", GraphWriter.type(DataType.FP32)),
                "shape"))
        .constant("zero", 0, 1, 2)
        .add("AddV2", "row", DataType.FP32, "cast", "zero")
        .constant("nothing", 0, 16, 2)
        .add("MatMul", "nil", DataType.FP32, "in", "nothing")
        .add("AddV2", "out", DataType.FP32, "nil", "row")
        .output("OUTPUT", "out:0", DataType.FP32, -1, 2)
        .write(folder);
    return new ContractModel(
        ContractModel.spec(
            version(),
            TfModels.FOLDER,
            8,
            List.of(new TensorSpec("INPUT", DataType.FP32, -1, 16)),
            List.of(new TensorSpec("OUTPUT", DataType.FP32, -1, 2))),
        Map.of("OUTPUT", cells -> cells[0]));
  }

  private float[] seen(BackendProvider provider, int... rows) throws Exception {
    TestRequest[] requests = new TestRequest[rows.length];
    for (int i = 0; i < rows.length; i++) {
      requests[i] = new TestRequest("INPUT", counting(rows[i]));
    }
    TestBatch batch = TestBatch.of(requests);
    run(provider, rowsSeen(), batch);
    return batch.output(0, "OUTPUT").floats();
  }

  @Test
  void theGraphSeesTheNextAllowedSizeAndClientsTheirOwnRows() throws Exception {
    assertThat(seen(new TensorFlowProvider(), 1)).containsExactly(4, 16);
    assertThat(seen(new GpuPath(0), 3, 2)).containsExactly(8, 16, 8, 16, 8, 16);
    assertThat(seen(new GpuPath(0), 4)).startsWith(4, 16);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 4, 5, 8})
  void answersAreThoseOfTheRowsAlone(int rows) throws Exception {
    ContractModel model = TfModels.addSub(version());
    for (BackendProvider provider :
        new BackendProvider[] {new TensorFlowProvider(), new GpuPath(0)}) {
      TestBatch batch = TestBatch.of(numbers(rows));
      run(provider, model, batch);
      float[] sums = batch.output(0, "OUTPUT0").floats();
      float[] inputs = counting(rows).floats();
      assertThat(sums).hasSameSizeAs(inputs);
      for (int i = 0; i < sums.length; i++) {
        assertThat(sums[i]).isEqualTo(2 * inputs[i]);
      }
    }
  }

  @Test
  void stringsAreFilledUpToo() throws Exception {
    ContractModel model = TfModels.echo(version(), 8, DataType.BYTES, -1, 2);
    TestTensor three = TestTensor.strings(new long[] {3, 2}, "a", "b", "c", "d", "e", "f");
    TestTensor two = TestTensor.strings(new long[] {2, 2}, "g", "h", "i", "j");
    TestBatch batch = TestBatch.of(new TestRequest("INPUT", three), new TestRequest("INPUT", two));
    run(new GpuPath(0), model, batch);
    assertThat(batch.output(0, "OUTPUT").raw()).isEqualTo(three.raw());
    assertThat(batch.output(1, "OUTPUT").raw()).isEqualTo(two.raw());
  }

  @Test
  void aBatchThatDoesNotLieAsTensorFlowWantsItIsCopied() throws Exception {
    ContractModel model = TfModels.addSub(version());
    TestBatch batch = TestBatch.misaligned(numbers(4));
    run(new GpuPath(0), model, batch);
    assertThat(batch.output(0, "OUTPUT1").floats()).containsOnly(0);
  }
}
