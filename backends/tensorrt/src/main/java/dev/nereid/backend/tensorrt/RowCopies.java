package dev.nereid.backend.tensorrt;

import dev.nereid.backend.Batch;
import dev.nereid.backend.InputTensor;
import java.util.Arrays;
import org.bytedeco.cuda.cudart.CUstream_st;

/**
 * Copies of requests' own memory to their rows' place on the device. Tensors that lie side by side,
 * as those of a shared memory region may, are copied at once: every copy takes the driver's lock,
 * and batches of several instances wait for each other there.
 *
 * <p>Belongs to one thread and one stream.
 */
final class RowCopies {

  /** {@code cudaErrorInvalidValue}. */
  private static final int INVALID_VALUE = 1;

  private final CUstream_st stream;
  private long[] addresses = new long[16];
  private long[] byteSizes = new long[16];
  private int count;

  RowCopies(CUstream_st stream) {
    this.stream = stream;
  }

  /**
   * Begins to copy one input of every request that has it, in the batch's order and without gaps.
   */
  void begin(Batch batch, String input, Address to) throws CudaException {
    collect(batch, input);
    long offset = 0;
    for (int i = 0; i < count; ) {
      int end = i + 1;
      long byteSize = byteSizes[i];
      while (end < count && addresses[end] == addresses[i] + byteSize) {
        byteSize += byteSizes[end++];
      }
      copy(i, end, byteSize, to, offset);
      offset += byteSize;
      i = end;
    }
  }

  private void collect(Batch batch, String input) {
    count = 0;
    for (int i = 0; i < batch.size(); i++) {
      InputTensor tensor = batch.entry(i).input(input);
      if (tensor == null || !tensor.data().hasRemaining()) {
        continue;
      }
      if (count == addresses.length) {
        addresses = Arrays.copyOf(addresses, 2 * count);
        byteSizes = Arrays.copyOf(byteSizes, 2 * count);
      }
      addresses[count] = Cuda.addressOf(tensor.data());
      byteSizes[count++] = tensor.data().remaining();
    }
  }

  private void copy(int first, int end, long byteSize, Address to, long offset)
      throws CudaException {
    try {
      Cuda.copyToDevice(to, offset, addresses[first], byteSize, stream);
    } catch (CudaException e) {
      // Neighbours may have been page-locked each for itself, and CUDA copies across no such
      // border.
      if (e.code() != INVALID_VALUE || end == first + 1) {
        throw e;
      }
      long next = offset;
      for (int i = first; i < end; i++) {
        Cuda.copyToDevice(to, next, addresses[i], byteSizes[i], stream);
        next += byteSizes[i];
      }
    }
  }
}
