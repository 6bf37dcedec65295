package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.TensorSpec;
import dev.nereid.backend.tensorrt.WireReader.MalformedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * An ONNX file again, with inputs of other shapes: every byte but theirs stays as it is, and
 * weights in files of their own are linked to.
 */
final class FixedOnnx {

  private static final int MODEL_GRAPH = 7;
  private static final int GRAPH_INPUT = 11;
  private static final int VALUE_NAME = 1;
  private static final int WIRE_BYTES = 2;

  private final Map<String, byte[]> inputs = new TreeMap<>();

  private FixedOnnx(List<TensorSpec> inputs) {
    for (TensorSpec input : inputs) {
      this.inputs.put(input.name(), OnnxGraph.valueInfo(input.name(), input.type(), input.shape()));
    }
  }

  /**
   * Writes it.
   *
   * @param model an ONNX file, which was read before
   * @param externalFiles of the model, relative to its folder
   * @param inputs with their new shapes; one that is not among them keeps its own
   * @param folder to write to, empty
   * @return the new file
   */
  static Path write(Path model, Set<String> externalFiles, List<TensorSpec> inputs, Path folder)
      throws BackendException {
    Path file = folder.resolve(ModelFile.ONNX_FILE);
    try (FileChannel from = FileChannel.open(model);
        FileChannel to =
            FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
      ByteBuffer bytes = from.map(MapMode.READ_ONLY, 0, from.size());
      for (ByteBuffer part : new FixedOnnx(inputs).model(new WireReader(bytes))) {
        while (part.hasRemaining()) {
          to.write(part);
        }
      }
      for (String external : externalFiles) {
        Path link = folder.resolve(external).normalize();
        if (!link.startsWith(folder)) {
          throw new BackendException(
              model + ": weights in '" + external + "' (expected: a file in the model's folder)");
        }
        Files.createDirectories(link.resolveSibling(""));
        Files.createSymbolicLink(link, model.resolveSibling(external).toAbsolutePath());
      }
      return file;
    } catch (MalformedException e) {
      throw new BackendException(model + ": not an ONNX model: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new BackendException(model + ": cannot be written again: " + e, e);
    }
  }

  private List<ByteBuffer> model(WireReader model) throws MalformedException {
    List<ByteBuffer> parts = new ArrayList<>();
    while (model.next()) {
      if (model.field() == MODEL_GRAPH) {
        List<ByteBuffer> graph = graph(model.message());
        parts.add(head(MODEL_GRAPH, graph.stream().mapToLong(ByteBuffer::remaining).sum()));
        parts.addAll(graph);
      } else {
        model.skip();
        parts.add(model.whole());
      }
    }
    return parts;
  }

  private List<ByteBuffer> graph(WireReader graph) throws MalformedException {
    List<ByteBuffer> parts = new ArrayList<>();
    while (graph.next()) {
      byte[] fixed = null;
      if (graph.field() == GRAPH_INPUT) {
        fixed = inputs.get(name(graph.message()));
      } else {
        graph.skip();
      }
      if (fixed == null) {
        parts.add(graph.whole());
      } else {
        parts.add(head(GRAPH_INPUT, fixed.length));
        parts.add(ByteBuffer.wrap(fixed));
      }
    }
    return parts;
  }

  private static String name(WireReader value) throws MalformedException {
    String name = "";
    while (value.next()) {
      if (value.field() == VALUE_NAME) {
        name = value.text();
      } else {
        value.skip();
      }
    }
    return name;
  }

  /** A field's number and its length. */
  private static ByteBuffer head(int field, long length) {
    ByteBuffer head = ByteBuffer.allocate(16);
    varint(head, ((long) field << 3) | WIRE_BYTES);
    varint(head, length);
    return head.flip();
  }

  private static void varint(ByteBuffer to, long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      to.put((byte) ((rest & 0x7f) | 0x80));
      rest >>>= 7;
    }
    to.put((byte) rest);
  }
}
