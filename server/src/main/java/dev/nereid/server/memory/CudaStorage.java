package dev.nereid.server.memory;

import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An allocation on a GPU, opened. Reading and writing block: the bytes cross the bus. Its owner
 * cannot shorten it, and to free it does not take it from those who have it open.
 */
final class CudaStorage implements RegionStorage {

  private static final Logger log = LoggerFactory.getLogger(CudaStorage.class);

  private static final int HANDLE_BYTES = 64;

  private final CudaRegion region;
  private final DeviceMemory.Mapping mapping;

  private CudaStorage(CudaRegion region, DeviceMemory.Mapping mapping) {
    this.region = region;
    this.mapping = mapping;
  }

  /**
   * Opens it. Blocks.
   *
   * @throws InferenceException INVALID_ARGUMENT with Triton's texts; the log has the driver's
   */
  static CudaStorage open(CudaRegion region, byte[] handle, DeviceMemory devices)
      throws InferenceException {
    if (handle.length != HANDLE_BYTES || region.device() < 0 || region.device() > 1 << 16) {
      throw invalid("");
    }
    DeviceMemory.Mapping mapping;
    try {
      mapping = devices.open(handle, (int) region.device());
    } catch (DeviceMemoryException e) {
      log.error(
          "CUDA shared memory region '{}' cannot be opened: {}", region.name(), e.getMessage());
      throw invalid("");
    }
    if (region.byteSize() <= 0 || region.byteSize() > mapping.byteSize()) {
      mapping.close();
      throw invalid(" '" + region.name() + "'");
    }
    return new CudaStorage(region, mapping);
  }

  private static InferenceException invalid(String name) {
    return new InferenceException(
        StatusCode.INVALID_ARGUMENT,
        "failed to register shared memory region" + name + ": invalid args");
  }

  CudaRegion region() {
    return region;
  }

  /** Its GPU's index among those that this process sees. */
  int device() {
    return (int) region.device();
  }

  /** Where it starts there. */
  long address() {
    return mapping.address();
  }

  @Override
  public long byteSize() {
    return region.byteSize();
  }

  @Override
  public void checkThere(long end) {}

  @Override
  public void read(long offset, int byteSize, ByteBuf destination) throws InferenceException {
    int start = destination.writerIndex();
    try {
      mapping.read(offset, destination.nioBuffer(start, byteSize));
    } catch (DeviceMemoryException e) {
      throw failed(e);
    }
    destination.writerIndex(start + byteSize);
  }

  @Override
  public void write(long offset, ByteBuf source) throws InferenceException {
    ByteBuffer bytes = source.nioBuffer();
    if (!bytes.hasRemaining()) {
      return;
    }
    try {
      mapping.write(offset, direct(bytes));
    } catch (DeviceMemoryException e) {
      throw failed(e);
    }
  }

  private static ByteBuffer direct(ByteBuffer bytes) {
    return bytes.isDirect()
        ? bytes
        : ByteBuffer.allocateDirect(bytes.remaining()).put(bytes).flip();
  }

  private InferenceException failed(DeviceMemoryException e) {
    return new InferenceException(
        StatusCode.INTERNAL,
        "CUDA shared memory region '" + region.name() + "': " + e.getMessage());
  }

  @Override
  public void close() {
    mapping.close();
  }
}
