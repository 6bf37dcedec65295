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
import java.util.Map;
import java.util.TreeMap;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.NodeDef;

/** Nodes of a graph without what can be large. */
final class NodeLines {

  private static final int MAP_KEY = 1;
  private static final int MAP_VALUE = 2;
  private static final int CHUNK = 1 << 16;

  private NodeLines() {}

  /**
   * One node.
   *
   * @param precision of a {@code TRTEngineOp}
   * @param channel of a node that sends or receives a tensor: what its other end has, too
   * @param attributes a digest of the rest, a constant's value with it; without what has the name
   *     of a function, or begins with an underscore as TensorFlow's notes to itself do
   */
  record Line(
      String name,
      String op,
      List<String> inputs,
      String device,
      String precision,
      String channel,
      String attributes) {
    Line {
      inputs = List.copyOf(inputs);
    }
  }

  /** Reads a NodeDef with its length before it; a constant's value goes by in pieces. */
  static Line read(CodedInputStream in) throws IOException {
    int outer = in.pushLimit(in.readRawVarint32());
    String name = "";
    String op = "";
    String device = "";
    List<String> inputs = new ArrayList<>();
    Map<String, String> texts = new TreeMap<>();
    Map<String, String> digests = new TreeMap<>();
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case NodeDef.NAME_FIELD_NUMBER -> name = in.readString();
        case NodeDef.OP_FIELD_NUMBER -> op = in.readString();
        case NodeDef.DEVICE_FIELD_NUMBER -> device = in.readString();
        case NodeDef.INPUT_FIELD_NUMBER -> inputs.add(in.readString());
        case NodeDef.ATTR_FIELD_NUMBER -> attribute(in, texts, digests);
        default -> in.skipField(tag);
      }
    }
    in.popLimit(outer);
    return new Line(
        name,
        op,
        inputs,
        device,
        texts.getOrDefault("precision_mode", ""),
        texts.getOrDefault("tensor_name", ""),
        digest(List.of(digests.toString())));
  }

  private static void attribute(
      CodedInputStream in, Map<String, String> texts, Map<String, String> digests)
      throws IOException {
    int outer = in.pushLimit(in.readRawVarint32());
    String key = "";
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      int field = WireFormat.getTagFieldNumber(tag);
      if (field == MAP_KEY) {
        key = in.readString();
      } else if (field != MAP_VALUE || key.startsWith("_") || key.equals("segment_func")) {
        in.skipField(tag);
      } else if (key.equals("precision_mode") || key.equals("tensor_name")) {
        ByteString value = in.readBytes();
        texts.put(key, text(value));
      } else {
        digests.put(key, digestOfBytes(in));
      }
    }
    in.popLimit(outer);
  }

  private static String text(ByteString value) throws IOException {
    return AttrValue.parseFrom(value, ExtensionRegistryLite.getEmptyRegistry())
        .getS()
        .toStringUtf8();
  }

  private static String digestOfBytes(CodedInputStream in) throws IOException {
    MessageDigest digest = sha256();
    for (int left = in.readRawVarint32(); left > 0; ) {
      byte[] chunk = in.readRawBytes(Math.min(left, CHUNK));
      digest.update(chunk);
      left -= chunk.length;
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Of lines in this order. */
  static String digest(List<String> lines) {
    MessageDigest digest = sha256();
    lines.forEach(line -> digest.update((line + "\n").getBytes(StandardCharsets.UTF_8)));
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
