package dev.nereid.server.gpu;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import dev.nereid.server.memory.DeviceMemoryException;
import dev.nereid.server.memory.PageLocking;
import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Page-locked memory of the host, by the CUDA driver. What is locked holds its device's primary
 * context, so that it can be unlocked whatever else has let go of that. Thread-safe.
 */
public final class CudaHostMemory implements PageLocking {

  private static final Logger log = LoggerFactory.getLogger(CudaHostMemory.class);

  /** CU_MEMHOSTALLOC_PORTABLE and CU_MEMHOSTREGISTER_PORTABLE: locked for every context. */
  private static final int PORTABLE = 1;

  private final CudaDriver driver;

  public CudaHostMemory(CudaDriver driver) {
    this.driver = driver;
  }

  @Override
  public boolean isAvailable() {
    return true;
  }

  @Override
  public Locked allocate(int device, int byteSize) throws DeviceMemoryException {
    try {
      CudaContext context = driver.retainContext(driver.device(device));
      PointerByReference address = new PointerByReference();
      try {
        context.run(
            () -> driver.call("cuMemHostAlloc", address, (long) byteSize, PORTABLE));
      } catch (CudaException | RuntimeException e) {
        letGo(context);
        throw e;
      }
      return new Allocation(context, address.getValue(), byteSize);
    } catch (CudaException e) {
      throw new DeviceMemoryException(e);
    }
  }

  @Override
  public Runnable lock(int device, long address, long byteSize) throws DeviceMemoryException {
    Pointer memory = new Pointer(address);
    try {
      CudaContext context = driver.retainContext(driver.device(device));
      try {
        context.run(() -> driver.call("cuMemHostRegister_v2", memory, byteSize, PORTABLE));
      } catch (CudaException | RuntimeException e) {
        letGo(context);
        throw e;
      }
      return () -> undo(context, "cuMemHostUnregister", memory);
    } catch (CudaException e) {
      throw new DeviceMemoryException(e);
    }
  }

  private void undo(CudaContext context, String function, Pointer memory) {
    try {
      context.run(() -> driver.call(function, memory));
    } catch (CudaException e) {
      log.warn("Page-locked memory was not given back: {}", e.getMessage());
    }
    letGo(context);
  }

  static void letGo(CudaContext context) {
    try {
      context.close();
    } catch (CudaException e) {
      log.warn("A context was not given back: {}", e.getMessage());
    }
  }

  private final class Allocation implements Locked {

    private final CudaContext context;
    private final Pointer address;
    private final ByteBuffer bytes;

    Allocation(CudaContext context, Pointer address, int byteSize) {
      this.context = context;
      this.address = address;
      bytes = address.getByteBuffer(0, byteSize);
    }

    @Override
    public ByteBuffer bytes() {
      return bytes;
    }

    @Override
    public void free() {
      undo(context, "cuMemFreeHost", address);
    }
  }
}
