package dev.nereid.server.memory;

import com.sun.jna.Pointer;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A part of a POSIX shared memory object, mapped.
 *
 * <p>Its client may shorten the object at any time, and to touch what is gone ends a process. So
 * the object stays open, and is measured before every use, which costs a system call. Between that
 * and the use nothing helps: shared memory is for clients that are trusted.
 */
final class SystemStorage implements RegionStorage {

  private static final Logger log = LoggerFactory.getLogger(SystemStorage.class);

  private final SystemRegion region;
  private final int descriptor;
  private final long mapping;
  private final long mappedBytes;
  private final Runnable unlock;

  private SystemStorage(
      SystemRegion region, int descriptor, long mapping, long mappedBytes, Runnable unlock) {
    this.region = region;
    this.descriptor = descriptor;
    this.mapping = mapping;
    this.mappedBytes = mappedBytes;
    this.unlock = unlock;
  }

  /**
   * Opens, maps and locks it. Blocks.
   *
   * @param region its numbers unsigned, as a client wrote them
   * @throws InferenceException with Triton's texts: INTERNAL where there is no such object,
   *     INVALID_ARGUMENT where it is smaller than that
   */
  static SystemStorage open(SystemRegion region, RegionLocking locking) throws InferenceException {
    String name = SharedMemoryKey.objectName(region);
    int descriptor;
    try {
      descriptor = PosixMemory.open(name);
    } catch (IOException e) {
      log.debug("Shared memory object '{}': {}", name, e.getMessage());
      throw SharedMemoryKey.cannotOpen(region.key());
    }
    try {
      return map(region, descriptor, locking);
    } catch (IOException e) {
      closeDescriptor(region, descriptor);
      log.debug("Shared memory object '{}': {}", name, e.getMessage());
      throw new InferenceException(
          StatusCode.INVALID_ARGUMENT,
          "failed to register shared memory region '" + region.name() + "': invalid args");
    }
  }

  private static SystemStorage map(SystemRegion region, int descriptor, RegionLocking locking)
      throws IOException {
    long offset = region.offset();
    long byteSize = region.byteSize();
    long objectBytes = PosixMemory.size(descriptor);
    if (offset < 0 || byteSize <= 0 || byteSize > objectBytes - offset) {
      throw new IOException(
          "region of %s bytes at %s (expected: more than none, within the object's %d)"
              .formatted(
                  Long.toUnsignedString(byteSize), Long.toUnsignedString(offset), objectBytes));
    }
    // A mapping starts with a page.
    long skipped = offset % PosixMemory.pageBytes();
    long mappedBytes = skipped + byteSize;
    long mapping = PosixMemory.map(descriptor, offset - skipped, mappedBytes);
    Runnable unlock =
        locking.lock("shared memory region '" + region.name() + "'", mapping, mappedBytes);
    return new SystemStorage(region, descriptor, mapping, mappedBytes, unlock);
  }

  SystemRegion region() {
    return region;
  }

  @Override
  public long byteSize() {
    return region.byteSize();
  }

  @Override
  public void checkThere(long end) throws InferenceException {
    long objectBytes;
    try {
      objectBytes = PosixMemory.size(descriptor);
    } catch (IOException e) {
      throw new InferenceException(
          StatusCode.INTERNAL, "shared memory region '" + region.name() + "': " + e.getMessage());
    }
    if (region.offset() + end > objectBytes) {
      throw new InferenceException(
          StatusCode.INVALID_ARGUMENT,
          "shared memory region '%s': its object '%s' has %d bytes (expected: at least %d, as when it was registered)"
              .formatted(region.name(), region.key(), objectBytes, region.offset() + end));
    }
  }

  /** A part of it where it lies, for as long as it is open. */
  ByteBuffer view(long offset, int byteSize) {
    return new Pointer(mapping + mappedBytes - region.byteSize() + offset)
        .getByteBuffer(0, byteSize);
  }

  @Override
  public void read(long offset, int byteSize, ByteBuf destination) {
    destination.writeBytes(view(offset, byteSize));
  }

  @Override
  public void write(long offset, ByteBuf source) {
    source.getBytes(source.readerIndex(), view(offset, source.readableBytes()));
  }

  @Override
  public void close() {
    unlock.run();
    try {
      PosixMemory.unmap(mapping, mappedBytes);
    } catch (IOException e) {
      log.warn("Shared memory region '{}' stays mapped: {}", region.name(), e.getMessage());
    }
    closeDescriptor(region, descriptor);
  }

  private static void closeDescriptor(SystemRegion region, int descriptor) {
    try {
      PosixMemory.closeDescriptor(descriptor);
    } catch (IOException e) {
      log.warn("The object of shared memory region '{}': {}", region.name(), e.getMessage());
    }
  }
}
