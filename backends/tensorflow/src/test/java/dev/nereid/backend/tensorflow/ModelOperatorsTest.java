package dev.nereid.backend.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.backend.tensorflow.graph.ModelOperators;
import dev.nereid.backend.tensorflow.graph.OpDefs;
import dev.nereid.tensor.DataType;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.NameAttrList;

/** What counts as an operator of a model. */
class ModelOperatorsTest {

  @BeforeAll
  static void loadTensorFlow() throws Exception {
    new TensorFlowProvider().start(Map.of()).close();
  }

  private static ModelOperators of(GraphWriter graph) {
    return ModelOperators.of(graph.graph(), List.of("left:0"), OpDefs.ofLibrary());
  }

  @Test
  void whatComputesSomethingOfTheInputsCounts() {
    ModelOperators operators =
        of(
            new GraphWriter()
                .add("Sub", "last", DataType.FP32, "sum", "same")
                .input("INPUT0", "left", DataType.FP32, -1, 16)
                .constant("weight", 3, 16)
                .add("Mul", "square", DataType.FP32, "weight", "weight")
                .add("Identity", "same", DataType.FP32, "square")
                .add("AddV2", "sum", DataType.FP32, "left", "same"));
    assertThat(operators.byName())
        .containsOnly(Map.entry("sum", "AddV2"), Map.entry("last", "Sub"));
    assertThat(operators.callers()).isEmpty();
  }

  @Test
  void aRandomOperatorCountsThoughItReadsNoInput() {
    ModelOperators operators =
        of(
            new GraphWriter()
                .input("INPUT0", "left", DataType.FP32, -1, 16)
                .constant("shape", 3, 1)
                .add(GraphWriter.node("RandomUniform", "noise", node -> {}, "shape"))
                .add("Relu", "positive", DataType.FP32, "noise"));
    assertThat(operators.byName()).containsOnlyKeys("noise", "positive");
  }

  @Test
  void whatRunsFunctionsIsKnown() {
    AttrValue function =
        AttrValue.newBuilder().setFunc(NameAttrList.newBuilder().setName("branch")).build();
    ModelOperators operators =
        of(
            new GraphWriter()
                .input("INPUT0", "left", DataType.FP32, -1, 16)
                .add(
                    GraphWriter.node(
                        "StatelessIf",
                        "choice",
                        node -> node.putAttr("then_branch", function),
                        "left",
                        "left")));
    assertThat(operators.byName()).containsOnlyKeys("choice");
    assertThat(operators.callers()).containsExactly("choice");
  }
}
