package dev.nereid.server.gpu;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Page-locked memory of the host, by the CUDA driver. What is locked holds its device's primary
 * context, so that it can be unlocked whatever else has let go of that. Thread-safe.
 */
public final class CudaHostMemory {

  private static final Logger log = LoggerFactory.getLogger(CudaHostMemory.class);

  /** CU_MEMHOSTALLOC_PORTABLE and CU_MEMHOSTREGISTER_PORTABLE: locked for every context. */
  private static final int PORTABLE = 1;

  private final CudaDriver driver;

  public CudaHostMemory(CudaDriver driver) {
    this.driver = driver;
  }

  /**
   * New memory that every GPU reaches. Blocks.
   *
   * @param device its index among those that this process sees; that it is in use saves the cost of
   *     its context
   */
  public Allocation allocate(int device, int byteSize) throws CudaException {
    CudaContext context = driver.retainContext(driver.device(device));
    PointerByReference address = new PointerByReference();
    try {
      context.run(() -> driver.call("cuMemHostAlloc", address, (long) byteSize, PORTABLE));
    } catch (CudaException | RuntimeException e) {
      letGo(context);
      throw e;
    }
    return new Allocation(context, address.getValue(), byteSize);
  }

  /**
   * Locks memory that other code made. Blocks.
   *
   * @param device as of {@link #allocate}
   * @return unlocks it; to be run once, before the memory goes
   */
  public Runnable lock(int device, long address, long byteSize) throws CudaException {
    Pointer memory = new Pointer(address);
    CudaContext context = driver.retainContext(driver.device(device));
    try {
      context.run(() -> driver.call("cuMemHostRegister_v2", memory, byteSize, PORTABLE));
    } catch (CudaException | RuntimeException e) {
      letGo(context);
      throw e;
    }
    return () -> undo(context, "cuMemHostUnregister", memory);
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

  /** Memory that is allocated. */
  public final class Allocation {

    private final CudaContext context;
    private final Pointer address;
    private final ByteBuffer bytes;

    private Allocation(CudaContext context, Pointer address, int byteSize) {
      this.context = context;
      this.address = address;
      bytes = address.getByteBuffer(0, byteSize);
    }

    /** All of it: direct, and aligned to a page. */
    public ByteBuffer bytes() {
      return bytes;
    }

    /** Gives it back; nothing of {@link #bytes} may be touched any more. Once. Blocks. */
    public void free() {
      undo(context, "cuMemFreeHost", address);
    }
  }
}
