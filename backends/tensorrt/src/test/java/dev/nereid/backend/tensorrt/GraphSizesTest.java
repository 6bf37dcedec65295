package dev.nereid.backend.tensorrt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.GpuOptions;
import dev.nereid.backend.GpuOptions.GraphSpec;
import dev.nereid.backend.GpuOptions.LowerBound;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.DataType;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class GraphSizesTest {

  private static GpuOptions graphs(boolean on, GraphSpec... specs) {
    return new GpuOptions(on, List.of(specs), false, false, false, true, true);
  }

  private static GraphSizes of(int maxBatchSize, List<Integer> preferred, GraphSpec... specs)
      throws BackendException {
    return GraphSizes.of(Models.spec(graphs(true, specs), maxBatchSize, preferred, Map.of()));
  }

  private static GraphSpec spec(int size, @Nullable LowerBound lowerBound) {
    return new GraphSpec(size, Map.of(), lowerBound);
  }

  @Test
  void nothingIsRecordedUnlessItIsAskedFor() throws Exception {
    GraphSizes sizes = GraphSizes.of(Models.spec(64));
    assertThat(sizes.isEmpty()).isTrue();
    assertThat(sizes.sizeFor(1)).isZero();
  }

  @Test
  void powersOfTwoPreferredSizesAndTheLargestAreRecorded() throws Exception {
    GraphSizes sizes = of(50, List.of(6, 24));
    assertThat(sizes.lowestBySize().keySet()).containsExactly(1, 2, 4, 6, 8, 16, 24, 32, 50);
  }

  @Test
  void aSmallBatchIsFilledUpToTheNextSizeALargeOneOnlyALittle() throws Exception {
    GraphSizes sizes = of(64, List.of());
    assertThat(sizes.sizeFor(3)).isEqualTo(4);
    assertThat(sizes.sizeFor(9)).isEqualTo(16);
    assertThat(sizes.sizeFor(17)).isZero();
    assertThat(sizes.sizeFor(24)).isEqualTo(32);
    assertThat(sizes.sizeFor(33)).isZero();
    assertThat(sizes.sizeFor(48)).isEqualTo(64);
    assertThat(sizes.sizeFor(64)).isEqualTo(64);
  }

  @Test
  void aSpecIsForItsSizeAloneOrFromItsLowerBoundOn() throws Exception {
    GraphSizes sizes = of(64, List.of(), spec(8, null), spec(32, new LowerBound(20, Map.of())));
    assertThat(sizes.sizeFor(8)).isEqualTo(8);
    assertThat(sizes.sizeFor(7)).isZero();
    assertThat(sizes.sizeFor(19)).isZero();
    assertThat(sizes.sizeFor(20)).isEqualTo(32);
    assertThat(sizes.sizeFor(33)).isZero();
  }

  @Test
  void aModelWithoutABatchDimensionHasOneSize() throws Exception {
    GpuOptions options = graphs(true, spec(0, null));
    ModelSpec fixed =
        Models.spec(options, 0, List.of(), Map.of())
            .withTensors(List.of(new TensorSpec("image", DataType.FP32, 2)), List.of());
    assertThat(GraphSizes.of(fixed).sizeFor(1)).isEqualTo(1);
  }

  @Test
  void sizesAndShapesThatCannotBeAreRefused() {
    assertThatThrownBy(() -> of(64, List.of(), spec(65, null)))
        .hasMessage(
            "optimization.cuda.graph_spec.batch_size: 65 (expected: 1 to max_batch_size, 64)");
    assertThatThrownBy(() -> of(64, List.of(), spec(8, new LowerBound(9, Map.of()))))
        .hasMessageContaining(
            "graph_spec.graph_lower_bound.batch_size: 9 (expected: 1 to batch_size, 8)");
    assertThatThrownBy(
            () -> of(64, List.of(), new GraphSpec(8, Map.of("image", List.of(3L, 4L, 4L)), null)))
        .hasMessageContaining(
            "graph_spec.input['image'].dim: [3,4,4] (expected: the config's [3,8,8])");
    assertThatThrownBy(() -> of(64, List.of(), new GraphSpec(8, Map.of("x", List.of(1L)), null)))
        .hasMessageContaining("graph_spec.input: x (expected: the name of one of its inputs)");
    assertThatThrownBy(
            () -> GraphSizes.of(Models.spec(graphs(false, spec(8, null)), 64, List.of(), Map.of())))
        .hasMessageContaining("optimization.cuda.graph_spec: set (expected: graphs: true");
    ModelSpec varying =
        Models.spec(graphs(true), 64, List.of(), Map.of())
            .withTensors(List.of(new TensorSpec("text", DataType.INT32, -1, -1)), List.of());
    assertThatThrownBy(() -> GraphSizes.of(varying))
        .hasMessageContaining("optimization.cuda.graphs: true (expected: false, since dims of");
  }
}
