package dev.nereid.backend.tensorflow.engines;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.backend.tensorflow.engines.Conversion.Segment;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.NodeDef;

/** Where kept engines are given back to segments, and where they are not. */
class OutlineTest {

  private static List<String> places(ConvertedGraph graph) throws Exception {
    return graph.read().segments().stream()
        .sorted((a, b) -> a.resource().compareTo(b.resource()))
        .map(Segment::digest)
        .toList();
  }

  private static void assertOther(ConvertedGraph graph) throws Exception {
    List<String> here = places(new ConvertedGraph("000"));
    assertThat(places(graph)).hasSameSizeAs(here).doesNotContainAnyElementsOf(here);
  }

  @Test
  void everySegmentHasAPlaceOfItsOwn() throws Exception {
    assertThat(places(new ConvertedGraph("000"))).doesNotHaveDuplicates();
    assertThat(new ConvertedGraph("000").read().tellsSegmentsApart()).isTrue();
  }

  @Test
  void aSegmentIsKnownAgainInAnotherProcessWhereItHasAnotherName() throws Exception {
    assertThat(places(new ConvertedGraph("017", 40, "axes/__cf__9").shuffled()))
        .isEqualTo(places(new ConvertedGraph("000")));
  }

  @Test
  void segmentsThatChangePlacesAreNotTaken() throws Exception {
    ConvertedGraph graph = new ConvertedGraph("000");
    String first = graph.first();
    String second = graph.second();
    assertOther(
        graph
            .changed(first, node -> node.setName("other"))
            .changed(second, node -> node.setName(first).setInput(1, second))
            .changed("other", node -> node.setName(second))
            .changed("mean", node -> node.setInput(0, second + ":1")));
  }

  @Test
  void anotherEdgeIsAnotherGraph() throws Exception {
    ConvertedGraph graph = new ConvertedGraph("000");
    assertOther(graph.changed("mean", node -> node.setInput(0, graph.first())));
    ConvertedGraph swapped = new ConvertedGraph("000");
    assertOther(
        swapped.changed(
            swapped.second(), node -> node.setInput(0, swapped.first()).setInput(1, "mean/cast")));
    ConvertedGraph across = new ConvertedGraph("000");
    assertOther(
        across.changed(across.second() + "/_2", node -> node.setInput(0, across.second() + ":1")));
  }

  @Test
  void anotherOperatorIsAnotherGraph() throws Exception {
    assertOther(new ConvertedGraph("000").changed("mean", node -> node.setOp("Sum")));
    assertOther(new ConvertedGraph("000").changed("mean", node -> node.setName("mean_1")));
    assertOther(new ConvertedGraph("000").added("Relu", "relu", "mean"));
  }

  @Test
  void anotherAttributeIsAnotherGraph() throws Exception {
    AttrValue yes = AttrValue.newBuilder().setB(true).build();
    assertOther(new ConvertedGraph("000").changed("mean", x -> x.putAttr("keep_dims", yes)));
    ConvertedGraph graph = new ConvertedGraph("000");
    AttrValue less = AttrValue.newBuilder().setI(1 << 28).build();
    assertOther(graph.changed(graph.first(), x -> x.putAttr("workspace_size_bytes", less)));
  }

  @Test
  void anotherValueOfAConstantIsAnotherGraph() throws Exception {
    assertOther(new ConvertedGraph("000").otherConstant("axes"));
  }

  @Test
  void segmentsThatCannotBeToldApartAreNotKept() throws Exception {
    ConvertedGraph graph = new ConvertedGraph("000");
    // As two conversions of one graph would number them.
    Conversion conversion =
        graph
            .changed(graph.first(), node -> renamed(node, "TRTEngineOp_000_000"))
            .changed(graph.second(), node -> renamed(node, "TRTEngineOp_001_000"))
            .read();
    assertThat(conversion.segments()).hasSize(2);
    assertThat(conversion.tellsSegmentsApart()).isFalse();
  }

  private static NodeDef.Builder renamed(NodeDef.Builder node, String name) {
    return node.setName(name);
  }
}
