package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.TensorSpec;
import dev.nereid.backend.tensorrt.WireReader.MalformedException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
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

  /** Of the new file, in the order of the old one. */
  private sealed interface Part {
    long length();

    void write(FileChannel from, FileChannel to) throws IOException;
  }

  /** As it is in the old file. */
  private record Kept(WireReader.Range range) implements Part {
    @Override
    public long length() {
      return range.length();
    }

    @Override
    public void write(FileChannel from, FileChannel to) throws IOException {
      for (long done = 0; done < range.length(); ) {
        long some = from.transferTo(range.start() + done, range.length() - done, to);
        if (some <= 0) {
          throw new EOFException("the model became shorter while it was read");
        }
        done += some;
      }
    }
  }

  private record Made(ByteBuffer bytes) implements Part {
    @Override
    public long length() {
      return bytes.limit();
    }

    @Override
    public void write(FileChannel from, FileChannel to) throws IOException {
      while (bytes.hasRemaining()) {
        to.write(bytes);
      }
    }
  }

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
      for (Part part : new FixedOnnx(inputs).model(new WireReader(new FileWindow(from)))) {
        part.write(from, to);
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

  private List<Part> model(WireReader model) throws IOException {
    List<Part> parts = new ArrayList<>();
    while (model.next()) {
      if (model.field() == MODEL_GRAPH) {
        List<Part> graph = graph(model.message());
        parts.add(head(MODEL_GRAPH, graph.stream().mapToLong(Part::length).sum()));
        parts.addAll(graph);
      } else {
        model.skip();
        parts.add(new Kept(model.whole()));
      }
    }
    return parts;
  }

  private List<Part> graph(WireReader graph) throws IOException {
    List<Part> parts = new ArrayList<>();
    while (graph.next()) {
      byte[] fixed = null;
      if (graph.field() == GRAPH_INPUT) {
        fixed = inputs.get(name(graph.message()));
      } else {
        graph.skip();
      }
      if (fixed == null) {
        parts.add(new Kept(graph.whole()));
      } else {
        parts.add(head(GRAPH_INPUT, fixed.length));
        parts.add(new Made(ByteBuffer.wrap(fixed)));
      }
    }
    return parts;
  }

  private static String name(WireReader value) throws IOException {
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
  private static Part head(int field, long length) {
    ByteBuffer head = ByteBuffer.allocate(16);
    varint(head, ((long) field << 3) | WIRE_BYTES);
    varint(head, length);
    return new Made(head.flip());
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
