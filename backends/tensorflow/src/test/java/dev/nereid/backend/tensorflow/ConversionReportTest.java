package dev.nereid.backend.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.backend.tensorflow.engines.Conversion;
import dev.nereid.backend.tensorflow.engines.Conversion.Operator;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Why TensorRT runs nothing of a model. */
class ConversionReportTest {

  private static Conversion beside(int onGpu, String... ops) {
    List<Operator> operators = new ArrayList<>();
    for (int i = 0; i < ops.length; i++) {
      operators.add(new Operator("node" + i, ops[i], i < onGpu));
    }
    return new Conversion(List.of(), operators);
  }

  private static String why(String notFrozen, Conversion conversion, int minimumSegmentSize) {
    return new ConversionReport(Optional.empty(), notFrozen)
        .whyNothing(conversion, minimumSegmentSize);
  }

  @Test
  void aGraphThatIsNotFrozenIsTheReason() {
    assertThat(why("operator 't' (HashTableV2) keeps or changes state", beside(2, "Add", "Sub"), 3))
        .isEqualTo(
            "the graph is not frozen, since operator 't' (HashTableV2) keeps or changes state");
  }

  @Test
  void tooFewOperatorsForASegmentAreTheReason() {
    assertThat(why("", beside(2, "Add", "Sub"), 3))
        .isEqualTo("the graph has 2 operators (Add 1, Sub 1), and minimum_segment_size is 3");
    assertThat(why("", beside(0), 3))
        .isEqualTo("the graph has 0 operators, and minimum_segment_size is 3");
  }

  @Test
  void operatorsThatAreNotOnAGpuAreTheReason() {
    assertThat(why("", beside(1, "Cast", "StringJoin", "StringJoin", "AsString"), 3))
        .isEqualTo(
            "TensorFlow has put 1 of its 4 operators on the GPU, and minimum_segment_size is 3; it has StringJoin 2, AsString 1, Cast 1");
  }

  @Test
  void whateverElseTensorFlowsOwnReportTells() {
    assertThat(why("", beside(4, "Unique", "Unique", "Where", "Where"), 3))
        .startsWith("no 3 operators next to each other can be converted, of Unique 2, Where 2 (")
        .contains("TF_TRT_SHOW_DETAILED_REPORT=1");
  }
}
