package dev.nereid.server.memory;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.ByteBuffer;

/** One piece of memory from the operating system, used for one tensor after another. */
final class Slab {

  // Leaks are watched at the tensors' buffers: a slab that rests in the pool is not one.
  private static final UnpooledByteBufAllocator SYSTEM = new UnpooledByteBufAllocator(true, true);

  final int sizeClass;
  private final ByteBuf backing;
  private final ByteBuffer aligned;

  Slab(int sizeClass) {
    this.sizeClass = sizeClass;
    backing = SYSTEM.directBuffer(SizeClasses.bytes(sizeClass) + TensorMemory.ALIGNMENT_BYTES - 1);
    ByteBuffer all = backing.internalNioBuffer(0, backing.capacity());
    int skipped =
        -all.alignmentOffset(0, TensorMemory.ALIGNMENT_BYTES) & (TensorMemory.ALIGNMENT_BYTES - 1);
    aligned = all.slice(skipped, SizeClasses.bytes(sizeClass));
  }

  int bytes() {
    return SizeClasses.bytes(sizeClass);
  }

  /** Its first bytes; starts at a multiple of {@link TensorMemory#ALIGNMENT_BYTES}. */
  ByteBuffer memory(int bytes) {
    return aligned.slice(0, bytes);
  }

  /** Back to the operating system. */
  void free() {
    backing.release();
  }
}
