package dev.nereid.server.memory;

import java.nio.ByteBuffer;

/** The memory of GPUs that other processes share with this one. Thread-safe. */
public interface DeviceMemory {

  /** Where there is no GPU: opens nothing. */
  DeviceMemory NONE =
      new DeviceMemory() {
        @Override
        public boolean isAvailable() {
          return false;
        }

        @Override
        public Mapping open(byte[] handle, int device) throws DeviceMemoryException {
          throw new DeviceMemoryException("no GPU");
        }
      };

  /** Whether there is a GPU. */
  boolean isAvailable();

  /**
   * Opens another process's allocation. Blocks.
   *
   * @param handle a {@code cudaIpcMemHandle_t}, 64 bytes
   * @param device among those that this process sees
   * @throws DeviceMemoryException with the driver's text
   */
  Mapping open(byte[] handle, int device) throws DeviceMemoryException;

  /** An allocation, open. Thread-safe. */
  interface Mapping {

    /** Where it starts, in the device's primary context. */
    long address();

    /** Of the whole allocation. */
    long byteSize();

    /** Copies to the host: as many bytes as the direct buffer has room for. Blocks. */
    void read(long offset, ByteBuffer destination) throws DeviceMemoryException;

    /** Copies from the host: the direct buffer's remaining bytes. Blocks. */
    void write(long offset, ByteBuffer source) throws DeviceMemoryException;

    /** Gives it back to the process that owns it; says so in the log where that fails. */
    void close();
  }
}
