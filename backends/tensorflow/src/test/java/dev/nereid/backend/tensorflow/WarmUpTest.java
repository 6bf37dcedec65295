package dev.nereid.backend.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.contract.ContractModel;
import dev.nereid.backend.tensorflow.engines.Conversion;
import dev.nereid.backend.tensorflow.engines.Conversion.Operator;
import dev.nereid.backend.tensorflow.engines.Share;
import dev.nereid.backend.tensorflow.graph.ModelOperators;
import dev.nereid.backend.tensorflow.graph.OpDefs;
import dev.nereid.tensor.DataType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WarmUpTest {

  @TempDir Path repository;

  @BeforeAll
  static void loadTensorFlow() throws Exception {
    new TensorFlowProvider().start(Map.of()).close();
  }

  private Path version() throws Exception {
    return Files.createDirectories(repository.resolve("m/1"));
  }

  private static PlacedModel placed(ModelSpec spec) throws BackendException {
    TfSignature signature = TfSignature.of(spec.source(), Optional.empty(), Optional.empty());
    ModelSignature described = signature.asConfigured(spec);
    TfSession session =
        TfSession.ofSavedModel(
            "", spec.source().modelPath(), signature.tags(), SessionSettings.CPU_ALONE);
    return new PlacedModel(
        spec,
        signature,
        described,
        session,
        tensor -> tensor,
        Padding.NONE,
        PlacedModel.Style.ON_GPU);
  }

  @Test
  void runsAnyBatchAndTellsWhatTensorFlowMadeOfTheGraph() throws Exception {
    ContractModel model = TfModels.addSub(version());
    try (PlacedModel placed = placed(model.spec());
        WarmUp warmUp = new WarmUp(placed)) {
      assertThat(WarmUp.unknownShape(placed)).isEmpty();
      warmUp.run(8);
      Conversion two =
          new Conversion(
              List.of(),
              List.of(
                  new Operator("difference", "Sub", false), new Operator("sum", "AddV2", false)));
      // An empty batch is how engines get their names before they are built.
      assertThat(warmUp.runAndTell(0)).contains(two);
      assertThat(warmUp.runAndTell(1)).contains(two);
    }
  }

  /** By which it is told how much of a model TensorRT runs. */
  @Test
  void aModelsOperatorsKeepTheirNamesThroughFreezingAndTensorFlowsOptimiser() throws Exception {
    ModelSpec spec = VariableModels.scale(version()).spec();
    TfSignature signature = TfSignature.of(spec.source(), Optional.empty(), Optional.empty());
    OpDefs ops = OpDefs.ofLibrary();
    Path frozen = Files.createDirectories(repository.resolve("frozen/1"));
    ModelFreezer freezer = new ModelFreezer(spec.source(), signature, ops);
    freezer.write(frozen.resolve(TfModels.FOLDER));
    ModelOperators operators =
        ModelOperators.of(
            freezer.freeze(signature.inputNames(), signature.outputNames()).graph(),
            List.of("left:0", "right:0"),
            ops);
    assertThat(operators.byName().values()).containsExactlyInAnyOrder("Mul", "AddV2", "Sub");
    ModelSpec constants =
        ContractModel.spec(frozen, TfModels.FOLDER, 8, spec.inputs(), spec.outputs());
    try (PlacedModel placed = placed(constants);
        WarmUp warmUp = new WarmUp(placed)) {
      assertThat(Share.of(warmUp.runAndTell(1).orElseThrow(), operators).beside())
          .containsExactlyInAnyOrder("Mul", "AddV2", "Sub");
    }
  }

  @Test
  void runsEmptyStrings() throws Exception {
    ContractModel model = TfModels.echo(version(), 8, DataType.BYTES, -1, 2);
    try (PlacedModel placed = placed(model.spec());
        WarmUp warmUp = new WarmUp(placed)) {
      warmUp.run(3);
    }
  }

  @Test
  void aShapeThatOnlyRequestsTellCannotBeRunBeforeThem() throws Exception {
    ContractModel model = TfModels.echo(version(), 8, DataType.FP32, -1, -1);
    try (PlacedModel placed = placed(model.spec())) {
      assertThat(WarmUp.unknownShape(placed))
          .contains("input 'INPUT' has the variable shape [-1,-1]");
    }
  }

  @Test
  void aLibraryWithoutTensorRtHasNoOperatorForItsEngines() throws Exception {
    ContractModel model = TfModels.addSub(version());
    try (PlacedModel placed = placed(model.spec())) {
      EngineOperations operations = new EngineOperations(placed.session(), "/device:GPU:0");
      assertThatThrownBy(() -> operations.write("TRTEngineOp_000_000", version()))
          .isInstanceOf(BackendException.class)
          .hasMessageContaining("SerializeTRTResource");
    }
  }
}
