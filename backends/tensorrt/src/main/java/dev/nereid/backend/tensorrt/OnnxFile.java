package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.TensorSpec;
import dev.nereid.backend.tensorrt.WireReader.MalformedException;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What an ONNX file says without being built, read by field number of {@code onnx.proto}: no GPU is
 * needed for it.
 *
 * @param inputs of the graph, but for those that have a weight as their default
 * @param operators of the graph's nodes
 * @param externalFiles that hold weights, relative to the file's folder
 */
record OnnxFile(
    List<TensorSpec> inputs,
    List<TensorSpec> outputs,
    Set<String> operators,
    Set<String> externalFiles) {

  private static final int MODEL_GRAPH = 7;
  private static final int GRAPH_NODE = 1;
  private static final int GRAPH_INITIALIZER = 5;
  private static final int GRAPH_INPUT = 11;
  private static final int GRAPH_OUTPUT = 12;
  private static final int NODE_OPERATOR = 4;
  private static final int TENSOR_NAME = 8;
  private static final int TENSOR_EXTERNAL_DATA = 13;
  private static final int VALUE_NAME = 1;
  private static final int VALUE_TYPE = 2;
  private static final int TYPE_TENSOR = 1;
  private static final int TENSOR_TYPE_ELEMENT = 1;
  private static final int TENSOR_TYPE_SHAPE = 2;
  private static final int SHAPE_DIMENSION = 1;
  private static final int DIMENSION_VALUE = 1;
  private static final int ENTRY_KEY = 1;
  private static final int ENTRY_VALUE = 2;

  OnnxFile {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    operators = Set.copyOf(operators);
    externalFiles = new TreeSet<>(externalFiles);
  }

  static OnnxFile read(Path file) throws BackendException {
    try (FileChannel channel = FileChannel.open(file)) {
      if (channel.size() > Integer.MAX_VALUE) {
        throw new BackendException(
            file + ": " + channel.size() + " bytes (expected: at most 2 GiB, as protobuf has it)");
      }
      Reader reader = new Reader();
      reader.model(new WireReader(new FileWindow(channel)));
      return reader.file(file);
    } catch (MalformedException e) {
      throw new BackendException(file + ": not an ONNX model: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new BackendException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** Whether ranges for 8-bit integers are in the graph. */
  boolean isQuantized() {
    return operators.contains("QuantizeLinear") && operators.contains("DequantizeLinear");
  }

  ModelSignature signature() {
    return new ModelSignature(inputs, outputs);
  }

  private record Value(String name, int elementType, long @Nullable [] shape) {}

  /** Gathers what is wanted while it walks. */
  private static final class Reader {
    private final List<Value> inputs = new ArrayList<>();
    private final List<Value> outputs = new ArrayList<>();
    private final Set<String> operators = new TreeSet<>();
    private final Set<String> weights = new HashSet<>();
    private final Set<String> externalFiles = new TreeSet<>();
    private boolean graphSeen;

    OnnxFile file(Path file) throws BackendException, MalformedException {
      if (!graphSeen) {
        throw new MalformedException("no graph in it");
      }
      inputs.removeIf(input -> weights.contains(input.name()));
      return new OnnxFile(
          specs(file, "input", inputs), specs(file, "output", outputs), operators, externalFiles);
    }

    void model(WireReader model) throws IOException {
      while (model.next()) {
        if (model.field() == MODEL_GRAPH) {
          graphSeen = true;
          graph(model.message());
        } else {
          model.skip();
        }
      }
    }

    private void graph(WireReader graph) throws IOException {
      while (graph.next()) {
        switch (graph.field()) {
          case GRAPH_NODE -> node(graph.message());
          case GRAPH_INITIALIZER -> weight(graph.message());
          case GRAPH_INPUT -> inputs.add(value(graph.message()));
          case GRAPH_OUTPUT -> outputs.add(value(graph.message()));
          default -> graph.skip();
        }
      }
    }

    private void node(WireReader node) throws IOException {
      while (node.next()) {
        if (node.field() == NODE_OPERATOR) {
          operators.add(node.text());
        } else {
          node.skip();
        }
      }
    }

    private void weight(WireReader tensor) throws IOException {
      while (tensor.next()) {
        switch (tensor.field()) {
          case TENSOR_NAME -> weights.add(tensor.text());
          case TENSOR_EXTERNAL_DATA -> externalData(tensor.message());
          default -> tensor.skip();
        }
      }
    }

    private void externalData(WireReader entry) throws IOException {
      String key = "";
      String value = "";
      while (entry.next()) {
        switch (entry.field()) {
          case ENTRY_KEY -> key = entry.text();
          case ENTRY_VALUE -> value = entry.text();
          default -> entry.skip();
        }
      }
      if (key.equals("location")) {
        externalFiles.add(value);
      }
    }

    private static Value value(WireReader info) throws IOException {
      String name = "";
      int element = 0;
      long[] shape = null;
      while (info.next()) {
        switch (info.field()) {
          case VALUE_NAME -> name = info.text();
          case VALUE_TYPE -> {
            WireReader type = info.message();
            while (type.next()) {
              if (type.field() != TYPE_TENSOR) {
                type.skip();
                continue;
              }
              WireReader tensor = type.message();
              while (tensor.next()) {
                switch (tensor.field()) {
                  case TENSOR_TYPE_ELEMENT -> element = (int) tensor.number();
                  case TENSOR_TYPE_SHAPE -> shape = shape(tensor.message());
                  default -> tensor.skip();
                }
              }
            }
          }
          default -> info.skip();
        }
      }
      return new Value(name, element, shape);
    }

    private static long[] shape(WireReader shape) throws IOException {
      List<Long> dimensions = new ArrayList<>();
      while (shape.next()) {
        if (shape.field() != SHAPE_DIMENSION) {
          shape.skip();
          continue;
        }
        long size = Shapes.VARIABLE;
        WireReader dimension = shape.message();
        while (dimension.next()) {
          if (dimension.field() == DIMENSION_VALUE) {
            size = Math.max(Shapes.VARIABLE, dimension.number());
          } else {
            dimension.skip();
          }
        }
        dimensions.add(size);
      }
      return dimensions.stream().mapToLong(Long::longValue).toArray();
    }

    private static List<TensorSpec> specs(Path file, String what, List<Value> values)
        throws BackendException {
      List<TensorSpec> specs = new ArrayList<>();
      for (Value value : values) {
        DataType type = TensorTypes.ofOnnx(value.elementType());
        long[] shape = value.shape();
        if (type == null) {
          throw new BackendException(
              "%s: %s '%s' has element type %d (expected: a tensor of a type that TensorRT takes: %s)"
                  .formatted(file, what, value.name(), value.elementType(), TensorTypes.names()));
        }
        if (shape == null) {
          throw new BackendException(
              "%s: %s '%s' has no shape (expected: one, though its dimensions may vary)"
                  .formatted(file, what, value.name()));
        }
        specs.add(new TensorSpec(value.name(), type, shape));
      }
      return specs;
    }
  }
}
