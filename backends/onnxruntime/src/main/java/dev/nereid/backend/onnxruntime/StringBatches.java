package dev.nereid.backend.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.Batch;
import dev.nereid.backend.BytesElements;
import dev.nereid.backend.StringRows;
import dev.nereid.tensor.Shapes;
import java.nio.ByteBuffer;

/**
 * Strings of a batch in the engine's tensors; rows of a request that fails are empty strings there.
 * Belongs to one instance.
 */
final class StringBatches {

  private final StringTensors tensors;
  private final StringRows rows = new StringRows();

  StringBatches(StringTensors tensors) {
    this.tensors = tensors;
  }

  /** One tensor of the strings of all requests; to be closed by the caller. */
  OnnxTensor gather(String name, long[] shape, Batch batch) throws OrtException, BackendException {
    OnnxTensor tensor = tensors.create(shape);
    try {
      rows.gather(
          name,
          batch,
          (first, input, count) -> {
            ByteBuffer data = input.data();
            BytesElements.walk(
                name,
                data,
                count,
                (index, offset, length) ->
                    tensors.set(tensor, first + index, data.slice(offset, length)));
          });
      return tensor;
    } catch (BackendException | RuntimeException e) {
      tensor.close();
      throw e;
    }
  }

  /** As of {@link StringRows#anyLeft}. */
  boolean anyLeft(Batch batch) {
    return rows.anyLeft(batch);
  }

  /** As of {@link StringRows#scatter}. */
  void scatter(String name, OnnxTensor tensor, long[] shape, Batch batch) throws BackendException {
    int count = Math.toIntExact(Shapes.elementCount(shape));
    try (StringTensors.Content content = tensors.read(tensor, count)) {
      rows.scatter(name, shape, batch, content);
    }
  }

  /** Forgets the batch. */
  void clear() {
    rows.clear();
  }
}
