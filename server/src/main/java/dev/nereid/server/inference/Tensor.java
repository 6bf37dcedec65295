package dev.nereid.server.inference;

import dev.nereid.tensor.DataType;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * One input or output with its bytes.
 *
 * @param shape full, batch dimension first where the model batches
 * @param data raw-encoded; empty for a tensor that lies on a GPU. One reference belongs to whoever
 *     holds the tensor's owner
 * @param onDevice where it lies on a GPU, until {@code data} is released; null for one that lies in
 *     the host's memory. Of an output: where its backend wrote it
 */
public record Tensor(
    String name, DataType type, long[] shape, ByteBuf data, @Nullable DevicePart onDevice) {

  /** In the host's memory. */
  public Tensor(String name, DataType type, long[] shape, ByteBuf data) {
    this(name, type, shape, data, null);
  }
}
