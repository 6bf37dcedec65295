package dev.nereid.backend.tensorflow.engines;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.NodeDef;

/** Nodes of a graph without what can be large. */
final class NodeLines {

  private static final int MAP_KEY = 1;
  private static final int MAP_VALUE = 2;

  private NodeLines() {}

  /**
   * One node.
   *
   * @param function of a {@code TRTEngineOp}: what it runs where it has no engine
   * @param precision of a {@code TRTEngineOp}
   */
  record Line(String name, String op, List<String> inputs, String function, String precision) {
    Line {
      inputs = List.copyOf(inputs);
    }
  }

  /** Reads a NodeDef with its length before it; skips over its constants. */
  static Line read(CodedInputStream in) throws IOException {
    int outer = in.pushLimit(in.readRawVarint32());
    String name = "";
    String op = "";
    List<String> inputs = new ArrayList<>();
    String function = "";
    String precision = "";
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case NodeDef.NAME_FIELD_NUMBER -> name = in.readString();
        case NodeDef.OP_FIELD_NUMBER -> op = in.readString();
        case NodeDef.INPUT_FIELD_NUMBER -> inputs.add(in.readString());
        case NodeDef.ATTR_FIELD_NUMBER -> {
          int attribute = in.pushLimit(in.readRawVarint32());
          String key = "";
          for (int inner = in.readTag(); inner != 0; inner = in.readTag()) {
            if (WireFormat.getTagFieldNumber(inner) == MAP_KEY) {
              key = in.readString();
            } else if (WireFormat.getTagFieldNumber(inner) == MAP_VALUE
                && key.equals("segment_func")) {
              function = value(in).getFunc().getName();
            } else if (WireFormat.getTagFieldNumber(inner) == MAP_VALUE
                && key.equals("precision_mode")) {
              precision = value(in).getS().toStringUtf8();
            } else {
              in.skipField(inner);
            }
          }
          in.popLimit(attribute);
        }
        default -> in.skipField(tag);
      }
    }
    in.popLimit(outer);
    return new Line(name, op, inputs, function, precision);
  }

  private static AttrValue value(CodedInputStream in) throws IOException {
    ByteString bytes = in.readBytes();
    return AttrValue.parseFrom(bytes, ExtensionRegistryLite.getEmptyRegistry());
  }

  /** The same for the same nodes in any order. */
  static String digest(List<Line> nodes) {
    MessageDigest digest = sha256();
    nodes.stream()
        .map(node -> node.name() + " " + node.op() + " " + String.join(" ", node.inputs()) + "\n")
        .sorted()
        .forEach(line -> digest.update(line.getBytes(StandardCharsets.UTF_8)));
    return HexFormat.of().formatHex(digest.digest());
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
