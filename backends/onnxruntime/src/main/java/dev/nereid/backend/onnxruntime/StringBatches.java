package dev.nereid.backend.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.Batch;
import dev.nereid.backend.BatchEntry;
import dev.nereid.backend.BytesElements;
import dev.nereid.backend.InputTensor;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import java.nio.ByteBuffer;
import java.util.BitSet;

/**
 * Strings of a batch: gathered from its requests, and scattered to them, since their sizes differ.
 *
 * <p>A request whose strings are malformed fails alone; its rows stay empty strings, so that the
 * other requests keep their places. Belongs to one instance.
 */
final class StringBatches {

  private final StringTensors tensors;
  private final BitSet failed = new BitSet();

  StringBatches(StringTensors tensors) {
    this.tensors = tensors;
  }

  /** One tensor of the strings of all requests; to be closed by the caller. */
  OnnxTensor gather(String name, long[] shape, Batch batch) throws OrtException, BackendException {
    OnnxTensor tensor = tensors.create(shape);
    try {
      long first = 0;
      for (int i = 0; i < batch.size(); i++) {
        BatchEntry entry = batch.entry(i);
        InputTensor input = entry.input(name);
        if (input == null) {
          throw new BackendException("input '" + name + "' is missing in request " + entry.id());
        }
        long count = Shapes.elementCount(input.shape());
        if (!failed.get(i)) {
          fill(tensor, first, count, input, entry, i);
        }
        first += count;
      }
      return tensor;
    } catch (BackendException | RuntimeException e) {
      tensor.close();
      throw e;
    }
  }

  private void fill(
      OnnxTensor tensor, long first, long count, InputTensor input, BatchEntry entry, int i)
      throws BackendException {
    ByteBuffer data = input.data();
    try {
      // Twice, so that nothing of a malformed request reaches the engine.
      BytesElements.walk(input.name(), data, count, (index, offset, length) -> {});
    } catch (BackendException e) {
      failed.set(i);
      entry.fail(e);
      return;
    }
    BytesElements.walk(
        input.name(),
        data,
        count,
        (index, offset, length) -> tensors.set(tensor, first + index, data.slice(offset, length)));
  }

  /** Whether any request of the batch was not failed. */
  boolean anyLeft(Batch batch) {
    return failed.cardinality() < batch.size();
  }

  /** Gives every request that wants it its own rows of the output. */
  void scatter(String name, OnnxTensor tensor, long[] shape, Batch batch) throws BackendException {
    int count = Math.toIntExact(Shapes.elementCount(shape));
    int perRow = count / Math.max(1, batch.rows());
    try (StringTensors.Content content = tensors.read(tensor, count)) {
      int from = 0;
      for (int i = 0; i < batch.size(); i++) {
        BatchEntry entry = batch.entry(i);
        // A model without a batch dimension has one request a batch, which gets all there is.
        int to = i == batch.size() - 1 ? count : from + perRow * entry.rows();
        if (entry.wantsOutput(name) && !failed.get(i)) {
          long[] own = shape.clone();
          if (batch.size() > 1) {
            own[0] = entry.rows();
          }
          long byteSize = content.encodedBytes(from, to);
          content.encode(from, to, entry.output(name, DataType.BYTES, own, byteSize));
        }
        from = to;
      }
    }
  }

  /** Forgets the batch. */
  void clear() {
    failed.clear();
  }
}
