package dev.nereid.server.endpoint;

import dev.nereid.server.inference.DevicePart;
import dev.nereid.tensor.DataType;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * One input as a client sent it, not checked yet.
 *
 * @param type null where the client named none that exists
 * @param shape full, as the client wrote it
 * @param data raw-encoded; empty where it lies on a GPU. The record does not own it
 * @param onDevice where it lies on a GPU, while {@code data} is held; null elsewhere, and for
 *     strings
 */
public record ClientInput(
    String name,
    @Nullable DataType type,
    long[] shape,
    ByteBuf data,
    @Nullable DevicePart onDevice) {

  long byteSize() {
    return onDevice == null ? data.readableBytes() : onDevice.byteSize();
  }
}
