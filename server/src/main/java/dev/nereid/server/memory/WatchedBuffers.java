package dev.nereid.server.memory;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * Watches tensors' buffers for leaks, as Netty's allocators do; anything else comes from it
 * unpooled. Thread-safe.
 */
final class WatchedBuffers extends AbstractByteBufAllocator {

  WatchedBuffers() {
    super(true);
  }

  /** The buffer, missed where it is never released. */
  ByteBuf watch(ByteBuf tensor) {
    return toLeakAwareBuffer(tensor);
  }

  @Override
  protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
    return Unpooled.buffer(initialCapacity, maxCapacity);
  }

  @Override
  protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
    return Unpooled.directBuffer(initialCapacity, maxCapacity);
  }

  @Override
  public boolean isDirectBufferPooled() {
    return true;
  }
}
