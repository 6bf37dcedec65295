package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Batch;
import dev.nereid.backend.BatchEntry;
import dev.nereid.backend.BytesElements;
import dev.nereid.backend.InputTensor;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import java.nio.ByteBuffer;
import java.util.BitSet;
import org.bytedeco.javacpp.BytePointer;
import org.tensorflow.internal.c_api.TF_TString;
import org.tensorflow.internal.c_api.TF_Tensor;
import org.tensorflow.internal.c_api.global.tensorflow;

/**
 * Strings of a batch: gathered from its requests, and scattered to them, since their sizes differ.
 *
 * <p>A request whose strings are malformed fails alone; its rows stay in the tensor, so that the
 * other requests keep their places, and nobody is given them. Belongs to one instance.
 */
final class StringBatches {

  private final BitSet failed = new BitSet();

  /** One tensor of the strings of all requests, for {@code TF_DeleteTensor}. */
  TF_Tensor gather(String name, long[] shape, Batch batch) throws BackendException {
    TF_Tensor tensor = Tensors.allocateStrings(shape);
    TF_TString strings = Tensors.strings(tensor);
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
          fill(strings, first, count, input, entry, i);
        }
        first += count;
      }
      return tensor;
    } catch (BackendException | RuntimeException e) {
      tensorflow.TF_DeleteTensor(tensor);
      throw e;
    }
  }

  private void fill(
      TF_TString strings, long first, long count, InputTensor input, BatchEntry entry, int i) {
    ByteBuffer data = input.data();
    BytePointer start = new BytePointer(data);
    try {
      BytesElements.walk(
          input.name(),
          data,
          count,
          (index, offset, length) ->
              tensorflow.TF_StringCopy(
                  strings.position(first + index), start.position(offset), length));
    } catch (BackendException e) {
      failed.set(i);
      entry.fail(e);
    }
  }

  /** Whether any request of the batch was not failed. */
  boolean anyLeft(Batch batch) {
    return failed.cardinality() < batch.size();
  }

  /** Gives every request that wants it its own rows of the output. */
  void scatter(String name, TF_Tensor tensor, long[] shape, Batch batch) {
    int count = Math.toIntExact(Shapes.elementCount(shape));
    int perRow = count / Math.max(1, batch.rows());
    TF_TString strings = Tensors.strings(tensor);
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
        encode(
            strings, from, to, entry.output(name, DataType.BYTES, own, encoded(strings, from, to)));
      }
      from = to;
    }
  }

  private static long encoded(TF_TString strings, int from, int to) {
    long bytes = (long) Integer.BYTES * (to - from);
    for (int i = from; i < to; i++) {
      bytes += tensorflow.TF_StringGetSize(strings.position(i));
    }
    return bytes;
  }

  private static void encode(TF_TString strings, int from, int to, ByteBuffer destination) {
    for (int i = from; i < to; i++) {
      TF_TString string = strings.position(i);
      int length = Math.toIntExact(tensorflow.TF_StringGetSize(string));
      destination.putInt(length);
      if (length > 0) {
        destination.put(tensorflow.TF_StringGetDataPointer(string).capacity(length).asByteBuffer());
      }
    }
  }

  /** Forgets the batch. */
  void clear() {
    failed.clear();
  }
}
