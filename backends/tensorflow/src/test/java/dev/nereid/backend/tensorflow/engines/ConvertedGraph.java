package dev.nereid.backend.tensorflow.engines;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NameAttrList;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.RunMetadata;
import org.tensorflow.proto.TensorProto;

/**
 * A graph as TensorFlow tells it after TF-TRT converted it: an input, a segment, a mean and a cast
 * of it, another segment that reads the first as well, and an operator on the CPU.
 */
final class ConvertedGraph {

  private static final String GPU = "/job:localhost/replica:0/task:0/device:GPU:0";
  private static final String CPU = "/job:localhost/replica:0/task:0/device:CPU:0";

  private final String first;
  private final String second;
  private final List<NodeDef> onGpu = new ArrayList<>();
  private final List<NodeDef> onCpu = new ArrayList<>();

  /**
   * @param conversion the number that TensorFlow gave it
   */
  ConvertedGraph(String conversion) {
    this(conversion, 0, "axes");
  }

  /**
   * @param counter where TensorFlow's numbers of edges between partitions begin
   * @param constant name of one that TensorFlow has made
   */
  ConvertedGraph(String conversion, int counter, String constant) {
    first = "model/TRTEngineOp_" + conversion + "_000";
    second = "TRTEngineOp_" + conversion + "_001";
    String toGpu = "picture/_" + counter;
    String toCpu = second + "/_" + (counter + 2);
    onCpu.add(node("_Arg", "_arg_picture_0_0"));
    onCpu.add(channel("_Send", toGpu, "edge_" + counter, "_arg_picture_0_0"));
    onGpu.add(channel("_Recv", toGpu + "/recv", "edge_" + counter));
    onGpu.add(engine(first, toGpu + "/recv"));
    onGpu.add(constant(constant, 1));
    onGpu.add(node("Mean", "mean", first + ":1", constant));
    onGpu.add(node("Cast", "mean/cast", "mean"));
    onGpu.add(engine(second, "mean/cast", first));
    onGpu.add(channel("_Send", toCpu, "edge_" + (counter + 2) + "_" + second, second));
    onCpu.add(channel("_Recv", toCpu + "/recv", "edge_" + (counter + 2) + "_" + second));
    onCpu.add(node("ArgMax", "top", toCpu + "/recv"));
    onCpu.add(node("_Retval", "_retval_top_0_0", "top"));
  }

  private static NodeDef node(String op, String name, String... inputs) {
    return NodeDef.newBuilder()
        .setOp(op)
        .setName(name)
        .addAllInput(List.of(inputs))
        .putAttr("_class", text("loc:@" + name.hashCode()))
        .build();
  }

  private static NodeDef channel(String op, String name, String channel, String... inputs) {
    long incarnation = new Random().nextLong();
    return node(op, name, inputs).toBuilder()
        .putAttr("tensor_name", text(channel))
        .putAttr("send_device_incarnation", AttrValue.newBuilder().setI(incarnation).build())
        .build();
  }

  private static NodeDef engine(String name, String... inputs) {
    String function = name.substring(name.lastIndexOf('/') + 1) + "_native_segment";
    return node("TRTEngineOp", name, inputs).toBuilder()
        .putAttr(
            "segment_func",
            AttrValue.newBuilder().setFunc(NameAttrList.newBuilder().setName(function)).build())
        .putAttr("precision_mode", text("FP16"))
        .putAttr("workspace_size_bytes", AttrValue.newBuilder().setI(1 << 29).build())
        .build();
  }

  private static NodeDef constant(String name, int value) {
    byte[] bytes = new byte[200_000];
    bytes[bytes.length - 1] = (byte) value;
    TensorProto tensor =
        TensorProto.newBuilder().setTensorContent(ByteString.copyFrom(bytes)).build();
    return node("Const", name).toBuilder()
        .putAttr("value", AttrValue.newBuilder().setTensor(tensor).build())
        .build();
  }

  private static AttrValue text(String text) {
    return AttrValue.newBuilder().setS(ByteString.copyFromUtf8(text)).build();
  }

  String first() {
    return first;
  }

  String second() {
    return second;
  }

  ConvertedGraph otherConstant(String name) {
    return changed(name, node -> constant(name, 2).toBuilder());
  }

  /** With a node other than it was. */
  ConvertedGraph changed(String name, UnaryOperator<NodeDef.Builder> change) {
    for (List<NodeDef> nodes : List.of(onGpu, onCpu)) {
      nodes.replaceAll(
          node -> node.getName().equals(name) ? change.apply(node.toBuilder()).build() : node);
    }
    return this;
  }

  ConvertedGraph added(String op, String name, String input) {
    onGpu.add(node(op, name, input));
    return this;
  }

  ConvertedGraph shuffled() {
    Collections.shuffle(onGpu, new Random(3));
    Collections.reverse(onCpu);
    return this;
  }

  Conversion read() throws IOException {
    return Conversion.read(
        ByteBuffer.wrap(
            RunMetadata.newBuilder()
                .addPartitionGraphs(placed(CPU, onCpu))
                .addPartitionGraphs(placed(GPU, onGpu))
                .build()
                .toByteArray()));
  }

  private static GraphDef placed(String device, List<NodeDef> nodes) {
    GraphDef.Builder graph = GraphDef.newBuilder();
    nodes.forEach(node -> graph.addNode(node.toBuilder().setDevice(device)));
    return graph.build();
  }
}
