package dev.nereid.backend.tensorflow;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.ModelSource;
import dev.nereid.backend.contract.ContractModel;
import dev.nereid.backend.tensorflow.graph.GraphFreezer;
import dev.nereid.backend.tensorflow.graph.GraphFreezer.Frozen;
import dev.nereid.backend.tensorflow.graph.NotFreezable;
import dev.nereid.backend.tensorflow.graph.OpDefs;
import dev.nereid.tensor.DataType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.internal.c_api.TF_Tensor;
import org.tensorflow.internal.c_api.global.tensorflow;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/** Freezing, held against TensorFlow itself. */
class FrozenGraphTest {

  private static final ConfigProto CONFIG = SessionSettings.CPU_ALONE;

  @TempDir Path repository;

  private Path version() throws Exception {
    return Files.createDirectories(repository.resolve("m/1"));
  }

  @BeforeAll
  static void loadTensorFlow() throws Exception {
    new TensorFlowProvider().start(Map.of()).close();
  }

  private Frozen freeze(ModelSource source, List<String> inputs, List<String> outputs)
      throws Exception {
    GraphDef graph = SavedModelFile.readGraph(source, Set.of("serve"));
    try (RestoredVariables variables =
        new RestoredVariables(
            () -> TfSession.ofSavedModel("", source.modelPath(), Set.of("serve"), CONFIG))) {
      return GraphFreezer.freeze(graph, inputs, outputs, variables, OpDefs.ofLibrary());
    }
  }

  private static float[] run(TfSession session, List<String> inputs, String output, float seed)
      throws Exception {
    List<SessionCall.Endpoint> fed = inputs.stream().map(x -> endpoint(session, x)).toList();
    try (SessionCall call = new SessionCall(session.handle(), fed, 1, null)) {
      List<TF_Tensor> tensors = new ArrayList<>();
      for (int i = 0; i < fed.size(); i++) {
        TF_Tensor tensor = Tensors.allocate(DataType.FP32, new long[] {2, 16}, 2 * 16 * 4L);
        var floats = Tensors.bytes(tensor).asFloatBuffer();
        for (int j = 0; floats.hasRemaining(); j++) {
          floats.put((float) Math.sin(seed + i * 31 + j));
        }
        call.feed(i, tensor);
        tensors.add(tensor);
      }
      call.fetch(endpoint(session, output));
      call.run();
      float[] result = new float[2 * 16];
      Tensors.bytes(call.result(0)).asFloatBuffer().get(result);
      call.deleteResults();
      tensors.forEach(tensorflow::TF_DeleteTensor);
      return result;
    }
  }

  private static SessionCall.Endpoint endpoint(TfSession session, String tensor) {
    int colon = tensor.lastIndexOf(':');
    var operation = session.operation(tensor.substring(0, colon));
    assertThat(operation).as(tensor).isNotNull();
    return new SessionCall.Endpoint(
        requireNonNull(operation), Integer.parseInt(tensor.substring(colon + 1)));
  }

  /** Compares every output of the frozen graph with the model's own. */
  private Frozen assertSameAnswers(ModelSource source, List<String> inputs, List<String> outputs)
      throws Exception {
    Frozen frozen = freeze(source, inputs, outputs);
    try (TfSession original =
            TfSession.ofSavedModel("", source.modelPath(), Set.of("serve"), CONFIG);
        TfSession constant = TfSession.ofGraph("", frozen.graph(), CONFIG)) {
      for (int i = 0; i < outputs.size(); i++) {
        assertThat(run(constant, inputs, frozen.outputs().get(i), i))
            .as(outputs.get(i))
            .isEqualTo(run(original, inputs, outputs.get(i), i));
      }
    }
    return frozen;
  }

  private static List<String> ops(Frozen frozen) {
    return frozen.graph().getNodeList().stream().map(NodeDef::getOp).distinct().sorted().toList();
  }

  @Test
  void aFunctionOverAVariableGivesTheSameAnswersFrozen() throws Exception {
    ContractModel model = VariableModels.scale(version());
    Frozen frozen =
        assertSameAnswers(
            model.spec().source(),
            List.of("left:0", "right:0"),
            List.of("StatefulPartitionedCall:0", "StatefulPartitionedCall:1"));
    assertThat(ops(frozen))
        .containsExactly("AddV2", "Const", "Identity", "Mul", "Placeholder", "Sub");
    assertThat(frozen.variables()).isEqualTo(1);
    assertThat(frozen.stateless()).isTrue();
    assertThat(frozen.graph().getLibrary().getFunctionCount()).isZero();
  }

  @Test
  void functionsWithinFunctionsGiveTheSameAnswersFrozen() throws Exception {
    ContractModel model = FunctionModels.nested(version());
    Frozen frozen =
        assertSameAnswers(
            model.spec().source(), List.of("left:0", "right:0"), List.of("outer_call:0"));
    assertThat(ops(frozen)).doesNotContain("PartitionedCall", "StatefulPartitionedCall", "NoOp");
    assertThat(frozen.graph().getNodeList())
        .allSatisfy(
            node -> assertThat(node.getInputList()).noneMatch(input -> input.startsWith("^")));
  }

  @Test
  void aModelThatIsFrozenStaysAsItIs() throws Exception {
    ContractModel model = TfModels.addSub(version());
    Frozen frozen =
        assertSameAnswers(
            model.spec().source(), List.of("left:0", "right:0"), List.of("sum:0", "difference:0"));
    assertThat(frozen.variables()).isZero();
    assertThat(frozen.outputs()).containsExactly("sum:0", "difference:0");
  }

  @Test
  void aModelThatChangesAVariableIsRefusedByTheOperatorThatDoes() throws Exception {
    ContractModel model = FunctionModels.counting(version());
    assertThatThrownBy(
            () ->
                freeze(
                    model.spec().source(),
                    List.of("left:0", "right:0"),
                    List.of("StatefulPartitionedCall:0")))
        .isInstanceOf(NotFreezable.class)
        .hasMessageContaining("'StatefulPartitionedCall/count'")
        .hasMessageContaining("AssignAddVariableOp");
  }
}
