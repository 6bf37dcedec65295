package dev.nereid.backend.tensorflow.engines;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.tensorflow.engines.Conversion.Operator;
import dev.nereid.backend.tensorflow.engines.Conversion.Segment;
import dev.nereid.backend.tensorflow.graph.ModelOperators;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.tensorflow.proto.RunMetadata;

class ConversionTest {

  private static final Map<String, String> MODEL =
      Map.of("conv", "Conv2D", "relu", "Relu", "dense", "MatMul", "mean", "Mean", "top", "ArgMax");

  @Test
  void readsTheSegmentsAndWhatIsBesideThem() throws Exception {
    Conversion conversion = new ConvertedGraph("000").read();
    assertThat(conversion.segments())
        .extracting(Segment::name)
        .containsExactly("TRTEngineOp_000_001", "model/TRTEngineOp_000_000");
    assertThat(conversion.segments())
        .extracting(Segment::resource)
        .containsExactly("TRTEngineOp_000_001", "TRTEngineOp_000_000");
    assertThat(conversion.segments()).extracting(Segment::precision).containsOnly("FP16");
    assertThat(conversion.beside())
        .containsExactlyInAnyOrder(
            new Operator("mean", "Mean", true),
            new Operator("mean/cast", "Cast", true),
            new Operator("top", "ArgMax", false));
  }

  @Test
  void theShareIsOfTheModelsOwnOperatorsByTheirNames() throws Exception {
    Share share = Share.of(new ConvertedGraph("000").read(), new ModelOperators(MODEL, Set.of()));
    assertThat(share.within()).isEqualTo(3);
    assertThat(share.text())
        .isEqualTo(
            "2 segments with at most 3 of the graph's 5 operators (60 %); TensorFlow runs 2 itself: ArgMax 1, Mean 1");
  }

  @Test
  void whatRunsFunctionsIsInNoSegmentThoughItsNameIsGone() throws Exception {
    Share share =
        Share.of(new ConvertedGraph("000").read(), new ModelOperators(MODEL, Set.of("conv")));
    assertThat(share.beside()).containsExactlyInAnyOrder("ArgMax", "Conv2D", "Mean");
  }

  @Test
  void aShareThatIsNotWholeIsNeverRoundedUpToIt() {
    Share share = new Share(1, 1000, List.of("ArgMax"));
    assertThat(share.text())
        .isEqualTo(
            "1 segment with at most 999 of the graph's 1000 operators (99 %); TensorFlow runs 1 itself: ArgMax 1");
    assertThat(new Share(1, 3, List.of()).text())
        .isEqualTo("1 segment with at most 3 of the graph's 3 operators (100 %)");
  }

  @Test
  void theMostFrequentOperatorsAreNamed() {
    assertThat(Share.kinds(List.of("A", "B", "B", "C", "D", "E", "F", "G", "H", "I", "J")))
        .isEqualTo("B 2, A 1, C 1, D 1, E 1, F 1, G 1, H 1, 2 others");
  }

  @Test
  void withoutTheModelsOperatorsThereIsNoShare() throws Exception {
    assertThat(Share.textWithoutModel(new ConvertedGraph("000").read()))
        .isEqualTo("2 segments; TensorFlow runs 3 operators beside: ArgMax 1, Cast 1, Mean 1");
  }

  @Test
  void aGraphWithoutSegmentsHasNone() throws Exception {
    Conversion nothing =
        Conversion.read(ByteBuffer.wrap(RunMetadata.getDefaultInstance().toByteArray()));
    assertThat(nothing).isEqualTo(new Conversion(List.of(), List.of()));
    assertThat(Share.of(nothing, new ModelOperators(MODEL, Set.of())).within()).isZero();
  }

  @Test
  void whatIsNoDescriptionIsRefused() {
    assertThatThrownBy(() -> Conversion.read(ByteBuffer.wrap(new byte[] {26, 100, 1})))
        .isInstanceOf(IOException.class);
  }
}
