package dev.nereid.server.memory;

import dev.nereid.server.inference.InferenceException;
import io.netty.buffer.ByteBuf;

/** Where memory for tensors comes from. Thread-safe; nothing here blocks. */
public interface TensorSource {

  /**
   * Memory for one tensor; the caller releases it. It is direct, starts at a multiple of {@link
   * TensorMemory#ALIGNMENT_BYTES}, and its contents are not defined.
   *
   * @return empty, with room for exactly {@code byteSize} bytes
   * @throws InferenceException RESOURCE_EXHAUSTED where there is none left
   */
  ByteBuf allocate(long byteSize) throws InferenceException;
}
