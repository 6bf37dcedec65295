package dev.nereid.server.inference;

import io.netty.buffer.ByteBuf;

/**
 * A part of a GPU's memory that a client shares, for one tensor of one request. It stays mapped
 * until it is released. Thread-safe.
 *
 * <p>For an input, that its client has finished writing; for an output, that nobody reads it yet:
 * both are the client's to see to, as with Triton.
 */
public interface DevicePart {

  /** The GPU's index among those that this process sees. */
  int device();

  /** Where it starts, in the device's primary context. */
  long address();

  long byteSize();

  /**
   * Copies all of it to the end of a buffer of the host's. Blocks.
   *
   * @throws InferenceException INTERNAL with the driver's words
   */
  void read(ByteBuf destination) throws InferenceException;

  /** Lets it go; the second call and later ones do nothing. Does not block. */
  void release();
}
