package dev.nereid.backend.tensorrt;

import dev.nereid.tensor.DataType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes small ONNX files, for the check of a machine and for tests: what they need, by number. */
final class OnnxGraph {

  private static final int OPERATORS_VERSION = 13;
  private static final int FILE_VERSION = 8;

  private final Message graph = new Message().text(2, "graph");

  /** One protobuf message being written. */
  private static final class Message {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Message number(int field, long value) {
      varint((long) field << 3);
      varint(value);
      return this;
    }

    Message bytes(int field, byte[] value) {
      varint(((long) field << 3) | 2);
      varint(value.length);
      bytes.writeBytes(value);
      return this;
    }

    Message text(int field, String value) {
      return bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    Message message(int field, Message value) {
      return bytes(field, value.bytes.toByteArray());
    }

    private void varint(long value) {
      long rest = value;
      while ((rest & ~0x7fL) != 0) {
        bytes.write((int) ((rest & 0x7f) | 0x80));
        rest >>>= 7;
      }
      bytes.write((int) rest);
    }
  }

  /** An operator of the default domain, without attributes, of one output. */
  OnnxGraph node(String operator, String output, String... inputs) {
    return node(operator, output, null, 0, inputs);
  }

  /** One that turns its input into floats. */
  OnnxGraph toFloat(String output, String input) {
    return node("Cast", output, "to", TensorTypes.onnx(DataType.FP32), input);
  }

  private OnnxGraph node(
      String operator,
      String output,
      @org.jspecify.annotations.Nullable String attribute,
      long value,
      String... inputs) {
    Message node = new Message();
    for (String input : inputs) {
      node.text(1, input);
    }
    node.text(2, output).text(3, output + "_node").text(4, operator);
    if (attribute != null) {
      node.message(5, new Message().text(1, attribute).number(3, value).number(20, 2));
    }
    graph.message(1, node);
    return this;
  }

  /** A dimension of -1 gets a name, as exporters write it. */
  OnnxGraph input(String name, DataType type, long... shape) {
    graph.message(11, value(name, type, shape));
    return this;
  }

  /** What describes a tensor: a {@code ValueInfoProto}. */
  static byte[] valueInfo(String name, DataType type, long... shape) {
    return value(name, type, shape).bytes.toByteArray();
  }

  OnnxGraph output(String name, DataType type, long... shape) {
    graph.message(12, value(name, type, shape));
    return this;
  }

  OnnxGraph weight(String name, float[] values, long... shape) {
    ByteBuffer raw =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      raw.putFloat(value);
    }
    return weight(name, DataType.FP32, raw.array(), shape);
  }

  OnnxGraph weight(String name, byte[] values, long... shape) {
    return weight(name, DataType.INT8, values, shape);
  }

  /** A weight whose values lie in another file, relative to the model's folder. */
  OnnxGraph weightInFile(String name, String location, long... shape) {
    Message entry = new Message().text(1, "location").text(2, location);
    graph.message(5, tensor(name, DataType.FP32, shape).message(13, entry).number(14, 1));
    return this;
  }

  private OnnxGraph weight(String name, DataType type, byte[] raw, long... shape) {
    graph.message(5, tensor(name, type, shape).bytes(9, raw));
    return this;
  }

  private static Message tensor(String name, DataType type, long... shape) {
    Message tensor = new Message();
    for (long dimension : shape) {
      tensor.number(1, dimension);
    }
    return tensor.number(2, TensorTypes.onnx(type)).text(8, name);
  }

  private static Message value(String name, DataType type, long... shape) {
    Message dimensions = new Message();
    for (int i = 0; i < shape.length; i++) {
      dimensions.message(
          1,
          shape[i] < 0
              ? new Message().text(2, i == 0 ? "batch" : "n" + i)
              : new Message().number(1, shape[i]));
    }
    Message tensor = new Message().number(1, TensorTypes.onnx(type)).message(2, dimensions);
    return new Message().text(1, name).message(2, new Message().message(1, tensor));
  }

  void write(Path file) throws IOException {
    Message operators = new Message().text(1, "").number(2, OPERATORS_VERSION);
    Files.write(
        file,
        new Message()
            .number(1, FILE_VERSION)
            .text(2, "nereid")
            .message(7, graph)
            .message(8, operators)
            .bytes
            .toByteArray());
  }
}
