package dev.nereid.backend.tensorrt;

import com.sun.jna.Pointer;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.RepeatedBatch;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Page-locked memory, as the server's is for models on a GPU. Not thread-safe. */
public final class PageLockedBuffers implements RepeatedBatch.Memory {

  private final CudaRuntime cuda;
  private final List<Pointer> allocated = new ArrayList<>();

  /**
   * @throws BackendException if there is no CUDA
   */
  public PageLockedBuffers() throws BackendException {
    this.cuda = CudaRuntime.open();
  }

  @Override
  public ByteBuffer allocate(int byteSize) throws BackendException {
    long atLeastOne = Math.max(1, byteSize);
    try {
      Pointer memory = cuda.hostAlloc(atLeastOne);
      allocated.add(memory);
      memory.clear(atLeastOne);
      return memory.getByteBuffer(0, byteSize).order(ByteOrder.LITTLE_ENDIAN);
    } catch (CudaException e) {
      throw e.toBackendException();
    }
  }

  @Override
  public void close() {
    for (Pointer memory : allocated) {
      try {
        cuda.freeHost(memory);
      } catch (CudaException e) {
        throw new IllegalStateException(e.getMessage(), e);
      }
    }
    allocated.clear();
  }
}
