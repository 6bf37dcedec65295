package dev.nereid.backend.onnxruntime;

import dev.nereid.tensor.DataType;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes small ONNX files: the few fields of onnx.proto that a test model needs, by number. */
final class OnnxWriter {

  private static final int VARINT = 0;
  private static final int LENGTH_DELIMITED = 2;

  private final Message graph = new Message();

  /** One protobuf message being written. */
  private static final class Message {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Message number(int field, long value) {
      varint(((long) field << 3) | VARINT);
      varint(value);
      return this;
    }

    Message bytes(int field, byte[] value) {
      varint(((long) field << 3) | LENGTH_DELIMITED);
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

  OnnxWriter() {
    graph.text(2, "graph");
  }

  /** An operator of the default domain, without attributes. */
  OnnxWriter node(String operator, String[] inputs, String... outputs) {
    Message node = new Message();
    for (String input : inputs) {
      node.text(1, input);
    }
    for (String output : outputs) {
      node.text(2, output);
    }
    graph.message(1, node.text(4, operator));
    return this;
  }

  /** A graph input; a dimension of -1 gets a name, as exporters write it. */
  OnnxWriter input(String name, DataType type, long... shape) {
    graph.message(11, value(name, tensorType(type, shape)));
    return this;
  }

  OnnxWriter output(String name, DataType type, long... shape) {
    graph.message(12, value(name, tensorType(type, shape)));
    return this;
  }

  /** An output that is a sequence of tensors. */
  OnnxWriter sequenceOutput(String name, DataType type, long... shape) {
    Message sequence = new Message().message(1, tensorType(type, shape));
    graph.message(12, value(name, new Message().message(4, sequence)));
    return this;
  }

  /** A weight of FP32 values, all of them the same. */
  OnnxWriter weight(String name, float value, long... shape) {
    int count = 1;
    Message tensor = new Message();
    for (long dimension : shape) {
      count *= Math.toIntExact(dimension);
      tensor.number(1, dimension);
    }
    byte[] raw = new byte[count * Float.BYTES];
    ByteBuffer values = ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
    while (values.hasRemaining()) {
      values.putFloat(value);
    }
    graph.message(5, tensor.number(2, elementType(DataType.FP32)).text(8, name).bytes(9, raw));
    return this;
  }

  /** A weight of FP32 values that lie in another file, relative to the model's folder. */
  OnnxWriter weightInFile(String name, String location, long... shape) {
    Message tensor = new Message();
    for (long dimension : shape) {
      tensor.number(1, dimension);
    }
    graph.message(
        5,
        tensor
            .number(2, elementType(DataType.FP32))
            .text(8, name)
            .message(13, new Message().text(1, "location").text(2, location))
            .number(14, 1));
    return this;
  }

  void write(Path file) throws Exception {
    Message operators = new Message().text(1, "").number(2, 13);
    Files.write(
        file,
        new Message()
            .number(1, 8)
            .text(2, "test")
            .message(7, graph)
            .message(8, operators)
            .bytes
            .toByteArray());
  }

  private static Message value(String name, Message type) {
    return new Message().text(1, name).message(2, type);
  }

  private static Message tensorType(DataType type, long... shape) {
    Message dimensions = new Message();
    for (int i = 0; i < shape.length; i++) {
      dimensions.message(
          1,
          shape[i] < 0
              ? new Message().text(2, i == 0 ? "batch" : "n" + i)
              : new Message().number(1, shape[i]));
    }
    Message tensor = new Message().number(1, elementType(type)).message(2, dimensions);
    return new Message().message(1, tensor);
  }

  /** TensorProto.DataType's number. */
  private static int elementType(DataType type) {
    return switch (type) {
      case FP32 -> 1;
      case UINT8 -> 2;
      case INT8 -> 3;
      case UINT16 -> 4;
      case INT16 -> 5;
      case INT32 -> 6;
      case INT64 -> 7;
      case BYTES -> 8;
      case BOOL -> 9;
      case FP16 -> 10;
      case FP64 -> 11;
      case UINT32 -> 12;
      case UINT64 -> 13;
      case BF16 -> 16;
    };
  }
}
