package dev.nereid.backend.tensorflow.engines;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import dev.nereid.backend.tensorflow.engines.NodeLines.Line;
import dev.nereid.backend.tensorflow.graph.ModelOperators;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.RunMetadata;

/**
 * What TF-TRT made of a graph, as TensorFlow tells by the partition graphs of a run: the nodes that
 * stand in the place of segments, and what is left beside them. TensorFlow 2.16 does not tell what
 * is in a segment.
 *
 * @param segments in the order of their names
 * @param beside operators that TensorFlow runs itself: those that compute; constants, and what
 *     carries tensors in, out and between devices, are none. In the order of their names
 */
public record Conversion(List<Segment> segments, List<Operator> beside) {

  private static final String ENGINE = "TRTEngineOp";

  public Conversion {
    segments = List.copyOf(segments);
    beside = List.copyOf(beside);
  }

  /**
   * A part of the graph that TensorRT runs.
   *
   * @param name of the node that has its place
   * @param precision FP32, FP16 or INT8: what its engines may compute in
   * @param digest of its place in a graph with this {@link Outline}: the same in another process
   *     for the same model, where the name is not
   */
  public record Segment(String name, String precision, String digest) {

    /** Under which TF-TRT keeps its engines. */
    public String resource() {
      return name.substring(name.lastIndexOf('/') + 1);
    }
  }

  /**
   * An operator that is in no segment.
   *
   * @param name of its node, which is the one that the graph had before wherever the node is of
   *     that graph
   * @param onGpu whether TensorFlow has put it on a GPU
   */
  public record Operator(String name, String op, boolean onGpu) {}

  /**
   * @param metadata a serialised {@code RunMetadata} with partition graphs; weights in it go by in
   *     pieces
   * @throws IOException if it is none
   */
  public static Conversion read(ByteBuffer metadata) throws IOException {
    List<Line> nodes = new ArrayList<>();
    CodedInputStream in = CodedInputStream.newInstance(metadata);
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (WireFormat.getTagFieldNumber(tag) == RunMetadata.PARTITION_GRAPHS_FIELD_NUMBER) {
        int outer = in.pushLimit(in.readRawVarint32());
        graph(in, nodes);
        in.popLimit(outer);
      } else {
        in.skipField(tag);
      }
    }
    return of(nodes);
  }

  private static void graph(CodedInputStream in, List<Line> nodes) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (WireFormat.getTagFieldNumber(tag) == GraphDef.NODE_FIELD_NUMBER) {
        nodes.add(NodeLines.read(in));
      } else {
        in.skipField(tag);
      }
    }
  }

  private static Conversion of(List<Line> nodes) {
    String outline = Outline.digest(nodes);
    Map<String, Segment> segments = new TreeMap<>();
    List<Operator> beside = new ArrayList<>();
    for (Line node : nodes) {
      if (node.op().equals(ENGINE)) {
        String place = NodeLines.digest(List.of(outline, Outline.stable(node.name())));
        segments.put(node.name(), new Segment(node.name(), node.precision(), place));
      } else if (ModelOperators.computes(node.op())) {
        beside.add(new Operator(node.name(), node.op(), node.device().contains("GPU:")));
      }
    }
    beside.sort(Comparator.comparing(Operator::name));
    return new Conversion(List.copyOf(segments.values()), beside);
  }

  /** Whether each segment has a place of its own, so that kept engines can be given back to it. */
  public boolean tellsSegmentsApart() {
    return segments.stream().map(Segment::digest).distinct().count() == segments.size();
  }
}
