package dev.nereid.server.memory;

import dev.nereid.server.inference.InferenceException;
import io.netty.buffer.ByteBuf;

/** What a region is made of. Thread-safe; not used after {@link #close}. */
interface RegionStorage {

  long byteSize();

  /**
   * Makes sure that the first bytes are there to be touched.
   *
   * @param end of the part to be used, within {@link #byteSize}
   * @throws InferenceException INVALID_ARGUMENT where its client has taken them away
   */
  void checkThere(long end) throws InferenceException;

  /** Copies a part of it to the end of a buffer, which has room for it. */
  void read(long offset, int byteSize, ByteBuf destination) throws InferenceException;

  /** Copies a buffer's readable bytes, whose indices stay, into it. */
  void write(long offset, ByteBuf source) throws InferenceException;

  /** Gives it back to the system. Blocks. */
  void close();
}
