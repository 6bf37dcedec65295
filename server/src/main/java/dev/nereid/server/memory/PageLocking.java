package dev.nereid.server.memory;

import java.nio.ByteBuffer;

/** Memory that stays where it is, so that a GPU reads and writes it directly. Thread-safe. */
public interface PageLocking {

  /** Where there is no GPU. */
  PageLocking NONE =
      new PageLocking() {
        @Override
        public boolean isAvailable() {
          return false;
        }

        @Override
        public Locked allocate(int device, int byteSize) throws DeviceMemoryException {
          throw new DeviceMemoryException("no GPU");
        }

        @Override
        public Runnable lock(int device, long address, long byteSize) throws DeviceMemoryException {
          throw new DeviceMemoryException("no GPU");
        }
      };

  /** Whether there is a GPU. */
  boolean isAvailable();

  /**
   * New memory that every GPU reaches. Blocks: some 0.8 ms a MiB.
   *
   * @param device that is in use anyway, by its index among those that this process sees
   * @throws DeviceMemoryException with the driver's text
   */
  Locked allocate(int device, int byteSize) throws DeviceMemoryException;

  /**
   * Locks memory that other code made. Blocks: some 0.3 ms a MiB.
   *
   * @param device as of {@link #allocate}
   * @return unlocks it; to be run once, before the memory goes
   * @throws DeviceMemoryException with the driver's text
   */
  Runnable lock(int device, long address, long byteSize) throws DeviceMemoryException;

  /** Page-locked memory. */
  interface Locked {

    /** All of it: direct, and aligned to a page. */
    ByteBuffer bytes();

    /** Gives it back; nothing of {@link #bytes} may be touched any more. Blocks. */
    void free();
  }
}
