package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Batch;
import dev.nereid.backend.tensorflow.gpu.PageLockedMemory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.jspecify.annotations.Nullable;
import org.tensorflow.internal.c_api.TF_Tensor;
import org.tensorflow.internal.c_api.global.tensorflow;

/**
 * Has TensorFlow read a batch where it lies, which for a GPU is page-locked memory of the server: a
 * copy into TensorFlow's own memory would cost more than the transfer. A batch that is filled up
 * with rows, and one that does not lie as TensorFlow wants it, goes by way of page-locked memory of
 * this instance, which is used again.
 *
 * <p>For graphs that keep nothing from one run to the next, so that TensorFlow lets go of a tensor
 * with the run; that it did is waited for all the same (see {@link TensorReleases}).
 */
final class InPlaceFeeder implements Feeder {

  /** Bytes at whose multiples TensorFlow takes a tensor as it lies; it copies any other. */
  private static final long ALIGNMENT = 64;

  private final TensorReleases releases = new TensorReleases();
  private final List<@Nullable PageLockedMemory> own;

  /**
   * @param inputs of the model
   */
  InPlaceFeeder(int inputs) {
    this.own = new ArrayList<>(Collections.nCopies(inputs, null));
  }

  @Override
  public TF_Tensor feed(int i, Port port, Batch batch, PaddedShape shape) throws BackendException {
    String name = port.configured().name();
    int type = TfTypes.number(port.configured().type());
    if (shape.byteSize() == 0) {
      return Tensors.allocate(port.configured().type(), shape.shape(), 0);
    }
    if (!shape.isPadded()) {
      BytePointer inPlace = new BytePointer(batch.input(name));
      if (inPlace.address() % ALIGNMENT == 0) {
        return tensor(type, shape, inPlace);
      }
    }
    PageLockedMemory memory = own(i, shape.byteSize());
    ByteBuffer buffer = memory.buffer();
    // Behind the batch's rows lie zeros or those of an earlier batch, as good as any.
    shape.copyOwn(name, batch, buffer);
    return tensor(type, shape, new BytePointer(buffer));
  }

  private TF_Tensor tensor(int type, PaddedShape shape, BytePointer data) throws BackendException {
    long[] dimensions = shape.shape();
    TF_Tensor tensor =
        tensorflow.TF_NewTensor(
            type,
            dimensions,
            dimensions.length,
            data,
            shape.byteSize(),
            TensorReleases.CALLBACK,
            releases.begin());
    if (tensor == null || tensor.isNull()) {
      releases.cancel();
      throw Tensors.noMemory(shape.byteSize());
    }
    return tensor;
  }

  private PageLockedMemory own(int i, int byteSize) throws BackendException {
    PageLockedMemory memory = own.get(i);
    if (memory != null && memory.byteSize() >= byteSize) {
      return memory;
    }
    if (memory != null) {
      own.set(i, null);
      memory.close();
    }
    PageLockedMemory larger =
        PageLockedMemory.allocate(byteSize).orElseThrow(() -> Tensors.noMemory(byteSize));
    own.set(i, larger);
    return larger;
  }

  @Override
  public void awaitReleased() {
    releases.await();
  }

  @Override
  public void close() {
    releases.close();
    for (PageLockedMemory memory : own) {
      if (memory != null) {
        memory.close();
      }
    }
  }
}
