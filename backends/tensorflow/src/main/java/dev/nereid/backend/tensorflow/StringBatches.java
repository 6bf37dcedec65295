package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Batch;
import dev.nereid.backend.BytesElements;
import dev.nereid.backend.StringRows;
import java.nio.ByteBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.tensorflow.internal.c_api.TF_TString;
import org.tensorflow.internal.c_api.TF_Tensor;
import org.tensorflow.internal.c_api.global.tensorflow;

/** Strings of a batch in TensorFlow's tensors. Belongs to one instance. */
final class StringBatches {

  private final StringRows rows = new StringRows();

  /** One tensor of the strings of all requests, for {@code TF_DeleteTensor}. */
  TF_Tensor gather(String name, long[] shape, Batch batch) throws BackendException {
    TF_Tensor tensor = Tensors.allocateStrings(shape);
    TF_TString strings = Tensors.strings(tensor);
    try {
      rows.gather(
          name,
          batch,
          (first, input, count) -> {
            BytePointer start = new BytePointer(input.data());
            BytesElements.walk(
                name,
                input.data(),
                count,
                (index, offset, length) ->
                    tensorflow.TF_StringCopy(
                        strings.position(first + index), start.position(offset), length));
          });
      return tensor;
    } catch (BackendException | RuntimeException e) {
      tensorflow.TF_DeleteTensor(tensor);
      throw e;
    }
  }

  /** As of {@link StringRows#anyLeft}. */
  boolean anyLeft(Batch batch) {
    return rows.anyLeft(batch);
  }

  /** As of {@link StringRows#scatter}. */
  void scatter(String name, TF_Tensor tensor, long[] shape, Batch batch) {
    rows.scatter(name, shape, batch, new Strings(Tensors.strings(tensor)));
  }

  /** Forgets the batch. */
  void clear() {
    rows.clear();
  }

  /**
   * A tensor's elements.
   *
   * @param first of them; its position is moved
   */
  private record Strings(TF_TString first) implements StringRows.Reader {

    @Override
    public long encodedBytes(int from, int to) {
      long bytes = (long) Integer.BYTES * (to - from);
      for (int i = from; i < to; i++) {
        bytes += tensorflow.TF_StringGetSize(first.position(i));
      }
      return bytes;
    }

    @Override
    public void encode(int from, int to, ByteBuffer destination) {
      for (int i = from; i < to; i++) {
        TF_TString string = first.position(i);
        int length = Math.toIntExact(tensorflow.TF_StringGetSize(string));
        destination.putInt(length);
        if (length > 0) {
          destination.put(
              tensorflow.TF_StringGetDataPointer(string).capacity(length).asByteBuffer());
        }
      }
    }
  }
}
