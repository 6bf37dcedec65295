package dev.nereid.backend.tensorflow.engines;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.WireFormat;
import dev.nereid.backend.tensorflow.engines.NodeLines.Line;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.FunctionDefLibrary;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.OpDef;
import org.tensorflow.proto.RunMetadata;

/**
 * What TF-TRT made of a graph, as TensorFlow tells by the partition graphs of a run.
 *
 * <p>Counts operators that compute; constants, and what carries tensors in, out and between
 * devices, are none.
 *
 * @param segments in the order of their names
 * @param remaining operators that TensorFlow runs itself
 */
public record Conversion(List<Segment> segments, int remaining) {

  private static final String ENGINE = "TRTEngineOp";

  private static final Set<String> NO_OPERATORS =
      Set.of(
          ENGINE,
          "Const",
          "NoOp",
          "Identity",
          "Placeholder",
          "_Arg",
          "_Retval",
          "_DeviceRetval",
          "_Send",
          "_Recv",
          "_HostSend",
          "_HostRecv");

  public Conversion {
    segments = List.copyOf(segments);
  }

  /**
   * A part of the graph that TensorRT runs.
   *
   * @param name of the node that has its place
   * @param operators that it had
   * @param precision FP32, FP16 or INT8: what its engines may compute in
   * @param digest of the operators' names and of how they hang together: the same in another
   *     process for the same model, where the name is not
   */
  public record Segment(String name, int operators, String precision, String digest) {

    /** Under which TF-TRT keeps its engines. */
    public String resource() {
      return name.substring(name.lastIndexOf('/') + 1);
    }
  }

  /**
   * @param metadata a serialised {@code RunMetadata} with partition graphs; weights in it are
   *     skipped over
   * @throws IOException if it is none
   */
  public static Conversion read(ByteBuffer metadata) throws IOException {
    List<Line> nodes = new ArrayList<>();
    Map<String, List<Line>> functions = new TreeMap<>();
    CodedInputStream in = CodedInputStream.newInstance(metadata);
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (WireFormat.getTagFieldNumber(tag) == RunMetadata.PARTITION_GRAPHS_FIELD_NUMBER) {
        int outer = in.pushLimit(in.readRawVarint32());
        graph(in, nodes, functions);
        in.popLimit(outer);
      } else {
        in.skipField(tag);
      }
    }
    return of(nodes, functions);
  }

  private static void graph(
      CodedInputStream in, List<Line> nodes, Map<String, List<Line>> functions) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      int field = WireFormat.getTagFieldNumber(tag);
      if (field == GraphDef.NODE_FIELD_NUMBER) {
        nodes.add(NodeLines.read(in));
      } else if (field == GraphDef.LIBRARY_FIELD_NUMBER) {
        int outer = in.pushLimit(in.readRawVarint32());
        library(in, functions);
        in.popLimit(outer);
      } else {
        in.skipField(tag);
      }
    }
  }

  private static void library(CodedInputStream in, Map<String, List<Line>> functions)
      throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (WireFormat.getTagFieldNumber(tag) == FunctionDefLibrary.FUNCTION_FIELD_NUMBER) {
        int outer = in.pushLimit(in.readRawVarint32());
        function(in, functions);
        in.popLimit(outer);
      } else {
        in.skipField(tag);
      }
    }
  }

  private static void function(CodedInputStream in, Map<String, List<Line>> functions)
      throws IOException {
    String name = "";
    List<Line> body = new ArrayList<>();
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      int field = WireFormat.getTagFieldNumber(tag);
      if (field == FunctionDef.SIGNATURE_FIELD_NUMBER) {
        ByteString signature = in.readBytes();
        name = OpDef.parseFrom(signature, ExtensionRegistryLite.getEmptyRegistry()).getName();
      } else if (field == FunctionDef.NODE_DEF_FIELD_NUMBER) {
        body.add(NodeLines.read(in));
      } else {
        in.skipField(tag);
      }
    }
    functions.put(name, body);
  }

  private static Conversion of(List<Line> nodes, Map<String, List<Line>> functions) {
    Map<String, Segment> segments = new TreeMap<>();
    int remaining = 0;
    for (Line node : nodes) {
      if (node.op().equals(ENGINE)) {
        List<Line> body = functions.getOrDefault(node.function(), List.of());
        segments.put(
            node.name(),
            new Segment(node.name(), operators(body), node.precision(), NodeLines.digest(body)));
      } else if (!NO_OPERATORS.contains(node.op())) {
        remaining++;
      }
    }
    return new Conversion(List.copyOf(segments.values()), remaining);
  }

  private static int operators(List<Line> nodes) {
    return (int) nodes.stream().filter(node -> !NO_OPERATORS.contains(node.op())).count();
  }

  /** Operators that TensorRT runs. */
  public int converted() {
    return segments.stream().mapToInt(Segment::operators).sum();
  }

  /**
   * Whether the segments can be told from each other: TensorFlow does not always say what is in
   * them, and then they all look the same.
   */
  public boolean tellsSegmentsApart() {
    return segments.stream().map(Segment::digest).distinct().count() == segments.size();
  }

  /**
   * As {@code 1 segment with 191 of 193 operators (99 %)}; without the share where TensorFlow does
   * not say what is in a segment.
   */
  public String text() {
    String count = segments.size() + (segments.size() == 1 ? " segment" : " segments");
    if (segments.stream().anyMatch(segment -> segment.operators() == 0)) {
      return "%s, and TensorFlow %d %s beside"
          .formatted(count, remaining, remaining == 1 ? "operator" : "operators");
    }
    int all = converted() + remaining;
    return "%s with %d of %d operators (%d %%)"
        .formatted(count, converted(), all, all == 0 ? 0 : Math.round(100.0 * converted() / all));
  }
}
