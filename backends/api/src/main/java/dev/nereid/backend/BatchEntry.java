package dev.nereid.backend;

import dev.nereid.tensor.DataType;
import java.nio.ByteBuffer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One request of a batch; the rules of {@link Batch} hold. */
public interface BatchEntry {

  /** The client's id; empty where it gave none. */
  String id();

  /** Its rows of the batch; 1 where the model has no batch dimension. */
  int rows();

  /** Its own parameters: Boolean, Long, Double or String by name. */
  Map<String, Object> parameters();

  /** Its input of that name, or null where an optional one was left out. */
  @Nullable InputTensor input(String name);

  /**
   * Its input of that name where it lies in a GPU's own memory, to be copied or read there, in the
   * order of any stream: whoever wrote it has finished. For instances that say {@link
   * ModelInstance#usesDeviceMemory}; {@link #input} has a copy in the host's memory for all others,
   * which is made when it is asked for, and takes its time.
   *
   * @param device the GPU's index among those that this process sees
   * @return null where it lies elsewhere, or an optional one was left out
   */
  default @Nullable DeviceTensor deviceInput(String name, int device) {
    return null;
  }

  /** Whether the client wants that output; one that names none wants them all. */
  boolean wantsOutput(String name);

  /** Memory for this entry's own output, for outputs whose size differs from entry to entry. */
  ByteBuffer output(String name, DataType type, long[] shape, long byteSize);

  /**
   * Where in a GPU's own memory this entry's output is wanted, to be written there before the batch
   * is complete; asked once, and whoever is given it writes it. For instances that say {@link
   * ModelInstance#usesDeviceMemory}; an output that goes there otherwise is written to the host's
   * memory, as any other, and the server brings it.
   *
   * @param shape of this entry's output; copied where it is kept
   * @param byteSize elements times the size of one
   * @param device the GPU's index among those that this process sees
   * @return null where it is wanted elsewhere, or does not fit: it is to be written as if this had
   *     not been asked
   */
  default @Nullable DeviceTensor deviceOutput(
      String name, DataType type, long[] shape, long byteSize, int device) {
    return null;
  }

  /** Answers this entry, and no other, with an error. */
  void fail(BackendException reason);
}
