package dev.nereid.backend.tensorflow.engines;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.nereid.backend.tensorflow.engines.Conversion.Segment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NameAttrList;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.RunMetadata;
import org.tensorflow.proto.TensorProto;

class ConversionTest {

  private static NodeDef node(String op, String name, String... inputs) {
    return NodeDef.newBuilder().setOp(op).setName(name).addAllInput(Arrays.asList(inputs)).build();
  }

  private static NodeDef engine(String name, String function, String precision) {
    return node("TRTEngineOp", name, "arg").toBuilder()
        .putAttr(
            "segment_func",
            AttrValue.newBuilder().setFunc(NameAttrList.newBuilder().setName(function)).build())
        .putAttr(
            "precision_mode",
            AttrValue.newBuilder().setS(ByteString.copyFromUtf8(precision)).build())
        .build();
  }

  private static FunctionDef segment(String name, NodeDef... nodes) {
    NodeDef weights =
        node("Const", "weights").toBuilder()
            .putAttr(
                "value",
                AttrValue.newBuilder()
                    .setTensor(
                        TensorProto.newBuilder()
                            .setTensorContent(ByteString.copyFrom(new byte[99])))
                    .build())
            .build();
    return FunctionDef.newBuilder()
        .setSignature(OpDef.newBuilder().setName(name))
        .addNodeDef(weights)
        .addAllNodeDef(Arrays.asList(nodes))
        .build();
  }

  private static Conversion read(GraphDef.Builder... partitions) throws IOException {
    RunMetadata.Builder metadata = RunMetadata.newBuilder();
    for (GraphDef.Builder partition : partitions) {
      metadata.addPartitionGraphs(partition);
    }
    return Conversion.read(ByteBuffer.wrap(metadata.build().toByteArray()));
  }

  private static GraphDef.Builder onGpu(String graph, String precision) {
    GraphDef.Builder partition =
        GraphDef.newBuilder()
            .addNode(node("_Recv", "recv"))
            .addNode(engine("model/TRTEngineOp_" + graph + "_000", "f0_" + graph, precision))
            .addNode(engine("TRTEngineOp_" + graph + "_001", "f1_" + graph, precision))
            .addNode(node("Mean", "mean", "recv"))
            .addNode(node("_Send", "send", "mean"));
    partition
        .getLibraryBuilder()
        .addFunction(segment("f0_" + graph, node("Conv2D", "c"), node("Relu", "r", "c:output:0")))
        .addFunction(segment("f1_" + graph, node("MatMul", "m")))
        .addFunction(segment("not_called", node("Add", "a")));
    return partition;
  }

  private static final GraphDef.Builder ON_CPU =
      GraphDef.newBuilder().addNode(node("_Arg", "arg")).addNode(node("Softmax", "softmax", "arg"));

  @Test
  void countsOperatorsOfSegmentsAndOfTheRest() throws Exception {
    Conversion conversion = read(ON_CPU, onGpu("000", "FP16"));
    assertThat(conversion.segments())
        .extracting(Segment::resource)
        .containsExactly("TRTEngineOp_000_001", "TRTEngineOp_000_000");
    assertThat(conversion.segments()).extracting(Segment::operators).containsExactly(1, 2);
    assertThat(conversion.segments()).extracting(Segment::precision).containsOnly("FP16");
    assertThat(conversion.remaining()).isEqualTo(2);
    assertThat(conversion.text()).isEqualTo("2 segments with 3 of 5 operators (60 %)");
  }

  @Test
  void aSegmentIsKnownAgainInAnotherProcessWhereItHasAnotherName() throws Exception {
    Segment here = read(onGpu("000", "FP16")).segments().get(0);
    Segment there = read(onGpu("007", "FP16")).segments().get(0);
    assertThat(there.name()).isNotEqualTo(here.name());
    assertThat(there.digest()).isEqualTo(here.digest());
    assertThat(read(onGpu("000", "FP16")).segments().get(1).digest()).isNotEqualTo(here.digest());
  }

  @Test
  void segmentsWhoseOperatorsAreNotToldHaveNoShareAndLookTheSame() throws Exception {
    GraphDef.Builder untold = onGpu("000", "INT8").clearLibrary();
    Conversion conversion = read(untold);
    assertThat(conversion.segments()).hasSize(2);
    assertThat(conversion.text()).startsWith("2 segments, and TensorFlow ").endsWith(" beside");
    assertThat(conversion.tellsSegmentsApart()).isFalse();
    assertThat(read(onGpu("000", "INT8")).tellsSegmentsApart()).isTrue();
  }

  @Test
  void aGraphWithoutSegmentsHasNone() throws Exception {
    Conversion conversion = read(ON_CPU);
    assertThat(conversion.segments()).isEmpty();
    assertThat(conversion.text()).isEqualTo("0 segments with 0 of 1 operators (0 %)");
    assertThat(read().text()).isEqualTo("0 segments with 0 of 0 operators (0 %)");
  }

  @Test
  void whatIsNoDescriptionIsRefused() {
    assertThatThrownBy(() -> Conversion.read(ByteBuffer.wrap(new byte[] {26, 100, 1})))
        .isInstanceOf(IOException.class);
  }
}
