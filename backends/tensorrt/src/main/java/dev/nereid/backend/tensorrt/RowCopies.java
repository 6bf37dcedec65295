package dev.nereid.backend.tensorrt;

import dev.nereid.backend.Batch;
import dev.nereid.backend.BatchEntry;
import dev.nereid.backend.DeviceTensor;
import dev.nereid.backend.InputTensor;
import java.util.Arrays;
import org.bytedeco.cuda.cudart.CUstream_st;

/**
 * Copies of requests' own memory to their rows' place on the device: from the host's, or from where
 * clients have it on the device itself. Tensors that lie side by side, as those of a shared memory
 * region may, are copied at once: every copy takes the driver's lock, and batches of several
 * instances wait for each other there.
 *
 * <p>Belongs to one thread and one stream.
 */
final class RowCopies {

  /** {@code cudaErrorInvalidValue}. */
  private static final int INVALID_VALUE = 1;

  private final CUstream_st stream;
  private final int device;
  private long[] addresses = new long[16];
  private long[] byteSizes = new long[16];
  private boolean[] onDevice = new boolean[16];
  private int count;

  RowCopies(CUstream_st stream, int device) {
    this.stream = stream;
    this.device = device;
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
      while (end < count
          && onDevice[end] == onDevice[i]
          && addresses[end] == addresses[i] + byteSize) {
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
      BatchEntry entry = batch.entry(i);
      DeviceTensor there = entry.deviceInput(input, device);
      if (there != null) {
        add(there.address(), there.byteSize(), true);
        continue;
      }
      InputTensor tensor = entry.input(input);
      if (tensor != null && tensor.data().hasRemaining()) {
        add(Cuda.addressOf(tensor.data()), tensor.data().remaining(), false);
      }
    }
  }

  private void add(long address, long byteSize, boolean there) {
    if (byteSize == 0) {
      return;
    }
    if (count == addresses.length) {
      addresses = Arrays.copyOf(addresses, 2 * count);
      byteSizes = Arrays.copyOf(byteSizes, 2 * count);
      onDevice = Arrays.copyOf(onDevice, 2 * count);
    }
    addresses[count] = address;
    byteSizes[count] = byteSize;
    onDevice[count++] = there;
  }

  private void copy(int first, int end, long byteSize, Address to, long offset)
      throws CudaException {
    try {
      copy(first, byteSize, to, offset);
    } catch (CudaException e) {
      // Neighbours may have been page-locked, or allocated, each for itself, and CUDA copies across
      // no such border.
      if (e.code() != INVALID_VALUE || end == first + 1) {
        throw e;
      }
      long next = offset;
      for (int i = first; i < end; i++) {
        copy(i, byteSizes[i], to, next);
        next += byteSizes[i];
      }
    }
  }

  private void copy(int i, long byteSize, Address to, long offset) throws CudaException {
    if (onDevice[i]) {
      Cuda.copyOnDevice(to.address() + offset, addresses[i], byteSize, stream);
    } else {
      Cuda.copyToDevice(to, offset, addresses[i], byteSize, stream);
    }
  }
}
