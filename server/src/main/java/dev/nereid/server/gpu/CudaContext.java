package dev.nereid.server.gpu;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A hold on a device's primary context. What allocates, copies or launches does so in the context
 * that is current on its thread.
 *
 * <p>Thread-safe.
 */
public final class CudaContext implements AutoCloseable {

  private final CudaDriver driver;
  private final int device;
  private final Pointer context;
  private final AtomicBoolean closed = new AtomicBoolean();

  CudaContext(CudaDriver driver, int device, Pointer context) {
    this.driver = driver;
    this.device = device;
    this.context = context;
  }

  /** The {@code CUcontext}. */
  public Pointer pointer() {
    return context;
  }

  /** Makes it current on this thread, in place of what was, until another is. */
  public void makeCurrent() throws CudaException {
    driver.call("cuCtxSetCurrent", context);
  }

  /** Makes it current on this thread while something runs, and then again what was before. */
  public void run(Body body) throws CudaException {
    driver.call("cuCtxPushCurrent_v2", context);
    try {
      body.run();
    } finally {
      driver.call("cuCtxPopCurrent_v2", new PointerByReference());
    }
  }

  /** What runs in a context. */
  public interface Body {
    void run() throws CudaException;
  }

  /** Lets go of it; the context ends with the last hold on it. The second time does nothing. */
  @Override
  public void close() throws CudaException {
    if (closed.compareAndSet(false, true)) {
      driver.call("cuDevicePrimaryCtxRelease_v2", device);
    }
  }
}
