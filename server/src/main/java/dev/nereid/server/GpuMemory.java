package dev.nereid.server;

import dev.nereid.server.gpu.CudaDriver;
import dev.nereid.server.gpu.CudaException;
import dev.nereid.server.gpu.CudaHostMemory;
import dev.nereid.server.gpu.CudaSharedMemory;
import dev.nereid.server.memory.DeviceMemory;
import dev.nereid.server.memory.DeviceMemoryException;
import dev.nereid.server.memory.PageLocking;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * What the GPUs of this machine add to its memory: the two rooms know each other by this alone.
 *
 * @param pageLocking of the host's memory
 * @param shared memory of theirs that clients share
 */
public record GpuMemory(PageLocking pageLocking, DeviceMemory shared) {

  /**
   * Takes no device: that is done with the first memory.
   *
   * @param driver empty where there is no GPU
   */
  public static GpuMemory of(Optional<CudaDriver> driver) {
    return driver
        .map(
            found ->
                new GpuMemory(
                    new Pages(new CudaHostMemory(found)), new Shared(new CudaSharedMemory(found))))
        .orElseGet(() -> new GpuMemory(PageLocking.NONE, DeviceMemory.NONE));
  }

  private record Pages(CudaHostMemory memory) implements PageLocking {

    @Override
    public boolean isAvailable() {
      return true;
    }

    @Override
    public Locked allocate(int device, int byteSize) throws DeviceMemoryException {
      try {
        return new Allocated(memory.allocate(device, byteSize));
      } catch (CudaException e) {
        throw new DeviceMemoryException(e);
      }
    }

    @Override
    public Runnable lock(int device, long address, long byteSize) throws DeviceMemoryException {
      try {
        return memory.lock(device, address, byteSize);
      } catch (CudaException e) {
        throw new DeviceMemoryException(e);
      }
    }
  }

  private record Allocated(CudaHostMemory.Allocation memory) implements PageLocking.Locked {

    @Override
    public ByteBuffer bytes() {
      return memory.bytes();
    }

    @Override
    public void free() {
      memory.free();
    }
  }

  private record Shared(CudaSharedMemory memory) implements DeviceMemory {

    @Override
    public boolean isAvailable() {
      return true;
    }

    @Override
    public Mapping open(byte[] handle, int device) throws DeviceMemoryException {
      try {
        return new Opened(memory.open(handle, device));
      } catch (CudaException e) {
        throw new DeviceMemoryException(e);
      }
    }
  }

  private record Opened(CudaSharedMemory.Opened memory) implements DeviceMemory.Mapping {

    @Override
    public long address() {
      return memory.address();
    }

    @Override
    public long byteSize() {
      return memory.byteSize();
    }

    @Override
    public void read(long offset, ByteBuffer destination) throws DeviceMemoryException {
      try {
        memory.read(offset, destination);
      } catch (CudaException e) {
        throw new DeviceMemoryException(e);
      }
    }

    @Override
    public void write(long offset, ByteBuffer source) throws DeviceMemoryException {
      try {
        memory.write(offset, source);
      } catch (CudaException e) {
        throw new DeviceMemoryException(e);
      }
    }

    @Override
    public void close() {
      memory.close();
    }
  }
}
