package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.tensorflow.engines.Conversion;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.BytePointer;
import org.jspecify.annotations.Nullable;
import org.tensorflow.internal.c_api.TF_Buffer;
import org.tensorflow.internal.c_api.TF_Tensor;
import org.tensorflow.internal.c_api.global.tensorflow;
import org.tensorflow.proto.RunOptions;

/**
 * Runs a model with zeros and empty strings, with the same feeds and fetches as its instances, so
 * that what TensorFlow prepares for such a run is there before the first request. For one thread.
 */
final class WarmUp implements AutoCloseable {

  private final PlacedModel model;
  private final SessionCall call;

  WarmUp(PlacedModel model) {
    this.model = model;
    this.call = model.newCall();
    model.outputs().forEach(output -> call.fetch(output.endpoint()));
  }

  /** An input with a dimension that only requests tell, so that nothing can be run before them. */
  static Optional<String> unknownShape(PlacedModel model) {
    for (Port input : model.inputs()) {
      long[] shape = input.configured().shape();
      for (int i = model.isBatching() ? 1 : 0; i < shape.length; i++) {
        if (shape[i] == Shapes.VARIABLE && !input.scalar()) {
          return Optional.of(
              "input '%s' has the variable shape %s"
                  .formatted(input.configured().name(), Shapes.text(shape)));
        }
      }
    }
    return Optional.empty();
  }

  /**
   * @param rows ignored where the model does not batch
   */
  void run(int rows) throws BackendException {
    run(rows, null, null);
  }

  /**
   * The same, and tells what TensorFlow made of the graph.
   *
   * @return empty where TensorFlow cannot say, as of a graph whose description is too large
   */
  Optional<Conversion> runAndTell(int rows) throws BackendException {
    byte[] options = RunOptions.newBuilder().setOutputPartitionGraphs(true).build().toByteArray();
    TF_Buffer metadata = tensorflow.TF_NewBuffer();
    try (BytePointer bytes = new BytePointer(options)) {
      TF_Buffer wanted = tensorflow.TF_NewBufferFromString(bytes, options.length);
      try {
        run(rows, wanted, metadata);
      } finally {
        tensorflow.TF_DeleteBuffer(wanted);
      }
      return Optional.of(Conversion.read(TfBuffers.view(metadata)));
    } catch (IOException e) {
      return Optional.empty();
    } finally {
      tensorflow.TF_DeleteBuffer(metadata);
    }
  }

  private void run(int rows, @Nullable TF_Buffer options, @Nullable TF_Buffer metadata)
      throws BackendException {
    List<TF_Tensor> fed = new ArrayList<>();
    try {
      for (Port input : model.inputs()) {
        TF_Tensor tensor = zeros(input, rows);
        call.feed(fed.size(), tensor);
        fed.add(tensor);
      }
      call.run(options, metadata, "");
    } finally {
      call.deleteResults();
      fed.forEach(tensorflow::TF_DeleteTensor);
    }
  }

  private TF_Tensor zeros(Port input, int rows) throws BackendException {
    long[] shape = input.scalar() ? new long[0] : input.configured().shape();
    if (model.isBatching() && shape.length > 0) {
      shape[0] = rows;
    }
    DataType type = input.configured().type();
    if (type == DataType.BYTES) {
      return Tensors.allocateStrings(shape);
    }
    TF_Tensor tensor = Tensors.allocate(type, shape, Shapes.elementCount(shape) * type.byteSize());
    ByteBuffer bytes = Tensors.bytes(tensor);
    while (bytes.remaining() >= Long.BYTES) {
      bytes.putLong(0);
    }
    while (bytes.hasRemaining()) {
      bytes.put((byte) 0);
    }
    return tensor;
  }

  @Override
  public void close() {
    call.close();
  }
}
