package dev.nereid.backend.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.contract.ContractModel;
import dev.nereid.backend.contract.TestBatch;
import dev.nereid.backend.contract.TestRequest;
import dev.nereid.backend.contract.TestTensor;
import dev.nereid.tensor.DataType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.proto.NodeDef;

/** {@link Backend#freeze}: SavedModels of constants, made of others. */
class FrozenSavedModelTest {

  @TempDir Path repository;

  private Path version() throws Exception {
    return Files.createDirectories(repository.resolve("m/1"));
  }

  private ModelSource freeze(ModelSource source) throws Exception {
    Path version = repository.resolve("frozen/1");
    try (Backend backend = new TensorFlowProvider().start(Map.of())) {
      backend.freeze(source, version.resolve(TfModels.FOLDER));
    }
    return new ModelSource("frozen", 1, version, TfModels.FOLDER, Map.of());
  }

  private static float[] sum(ModelSource source, String output) throws Exception {
    float[] left = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    float[] right = left.clone();
    right[3] = 100;
    long[] shape = {1, 16};
    InstanceSpec cpu = new InstanceSpec("m_0", InstanceKind.CPU, 0);
    try (Backend backend = new TensorFlowProvider().start(Map.of())) {
      ModelSignature signature = backend.inspect(source);
      ModelSpec spec = ModelSpec.of(source, 8, signature.inputs(), signature.outputs());
      try (LoadedModel model = backend.load(spec);
          ModelInstance instance = model.createInstance(cpu)) {
        TestBatch batch =
            TestBatch.of(
                new TestRequest(
                    Map.of(
                        "INPUT0", TestTensor.fp32(shape, left),
                        "INPUT1", TestTensor.fp32(shape, right))));
        instance.execute(batch);
        batch.assertSound();
        return batch.output(0, output).floats();
      }
    }
  }

  private void refuses(ModelSource source, String... words) {
    assertThatThrownBy(() -> freeze(source))
        .isInstanceOf(BackendException.class)
        .hasMessageStartingWith("unable to freeze '" + source.modelName() + "': ")
        .satisfies(e -> assertThat(e.getMessage()).contains(words));
    assertThat(repository.resolve("frozen")).doesNotExist();
  }

  @Test
  void aModelOfVariablesAnswersTheSameWithoutThem() throws Exception {
    ContractModel model = VariableModels.scale(version());
    ModelSource frozen = freeze(model.spec().source());
    assertThat(frozen.modelPath()).isDirectoryNotContaining("glob:**variables");
    for (String output : new String[] {"OUTPUT0", "OUTPUT1"}) {
      assertThat(sum(frozen, output)).isEqualTo(sum(model.spec().source(), output));
    }
  }

  @Test
  void theTagAndTheSignatureThatTheParametersNameAreFrozenUnderTheUsualNames() throws Exception {
    new GraphWriter()
        .tags("mine")
        .key("double")
        .input("INPUT0", "left", DataType.FP32, -1, 16)
        .input("INPUT1", "right", DataType.FP32, -1, 16)
        .add("AddV2", "sum", DataType.FP32, "left", "right")
        .output("OUTPUT0", "sum:0", DataType.FP32, -1, 16)
        .write(version().resolve(TfModels.FOLDER));
    ModelSource source =
        new ModelSource(
            "m",
            1,
            version(),
            TfModels.FOLDER,
            Map.of("TF_GRAPH_TAG", "mine", "TF_SIGNATURE_DEF", "double"));
    assertThat(sum(freeze(source), "OUTPUT0")).isEqualTo(sum(source, "OUTPUT0"));
  }

  @Test
  void aModelThatKeepsStateIsRefusedByTheOperator() throws Exception {
    refuses(
        FunctionModels.counting(version()).spec().source(),
        "'StatefulPartitionedCall/count'",
        "AssignAddVariableOp");
  }

  @Test
  void aHashTableIsRefusedByItsName() throws Exception {
    refuses(
        stateful(
            GraphWriter.node(
                "HashTableV2",
                "table",
                node ->
                    node.putAttr("key_dtype", GraphWriter.type(DataType.INT64))
                        .putAttr("value_dtype", GraphWriter.type(DataType.FP32))),
            GraphWriter.node("LookupTableSizeV2", "size", node -> {}, "table"),
            GraphWriter.node(
                "Cast",
                "noise",
                node ->
                    node.putAttr("SrcT", GraphWriter.type(DataType.INT64))
                        .putAttr("DstT", GraphWriter.type(DataType.FP32)),
                "size")),
        "operator 'table' (HashTableV2) keeps or changes state");
  }

  @Test
  void aRandomOperatorIsRefusedByItsName() throws Exception {
    refuses(
        stateful(
            GraphWriter.node(
                "Shape",
                "shape",
                node -> node.putAttr("T", GraphWriter.type(DataType.FP32)),
                "left"),
            GraphWriter.node(
                "RandomUniform",
                "noise",
                node ->
                    node.putAttr("T", GraphWriter.type(DataType.INT32))
                        .putAttr("dtype", GraphWriter.type(DataType.FP32)),
                "shape")),
        "operator 'noise' (RandomUniform) may give something else each time it runs");
  }

  private ModelSource stateful(NodeDef... nodes) throws Exception {
    GraphWriter model = new GraphWriter().input("INPUT0", "left", DataType.FP32, -1, 16);
    for (NodeDef node : nodes) {
      model.add(node);
    }
    model
        .add("AddV2", "sum", DataType.FP32, "left", "noise")
        .output("OUTPUT0", "sum:0", DataType.FP32, -1, 16)
        .write(version().resolve(TfModels.FOLDER));
    return new ModelSource("m", 1, version(), TfModels.FOLDER, Map.of());
  }

  @Test
  void variablesThatCannotBeReadAreNamed() throws Exception {
    ModelSource source = VariableModels.scale(version()).spec().source();
    Files.delete(source.modelPath().resolve("variables/variables.index"));
    refuses(source, "variable 'weight' cannot be read: ");
  }
}
