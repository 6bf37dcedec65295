package dev.nereid.server;

import dev.nereid.server.gpu.CudaDriver;
import dev.nereid.server.gpu.CudaException;
import dev.nereid.server.gpu.CudaHostMemory;
import dev.nereid.server.gpu.CudaSharedMemory;
import dev.nereid.server.memory.DeviceMemory;
import dev.nereid.server.memory.PageLocking;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the GPUs of this machine add to its memory; nothing where there is none.
 *
 * @param pageLocking of the host's memory
 * @param shared memory of theirs that clients share
 */
record GpuMemory(PageLocking pageLocking, DeviceMemory shared) {

  private static final Logger log = LoggerFactory.getLogger(GpuMemory.class);

  private static final GpuMemory NONE = new GpuMemory(PageLocking.NONE, DeviceMemory.NONE);

  /** By the driver's library, as it is installed. Starts it, and takes no device. */
  static GpuMemory open() {
    return open(CudaDriver.LIBRARY);
  }

  /** The same by another library, for tests. */
  static GpuMemory open(String library) {
    try {
      CudaDriver driver = CudaDriver.open(library);
      return driver.deviceCount() == 0
          ? NONE
          : new GpuMemory(new CudaHostMemory(driver), new CudaSharedMemory(driver));
    } catch (CudaException e) {
      log.debug("No page-locked memory, and no CUDA shared memory: {}", e.getMessage());
      return NONE;
    }
  }
}
