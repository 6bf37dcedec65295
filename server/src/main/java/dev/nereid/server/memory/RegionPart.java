package dev.nereid.server.memory;

import dev.nereid.server.inference.DevicePart;
import dev.nereid.server.inference.InferenceException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledDirectByteBuf;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The part of a region that one tensor of one request uses, within its bounds. It keeps the region
 * mapped, also after that was unregistered, until it is released.
 *
 * <p>What the bytes say may change at any time: they are the client's too.
 */
public final class RegionPart {

  private static final ByteBuffer NOTHING = ByteBuffer.allocateDirect(0);

  private final SharedRegion region;
  private final WatchedBuffers buffers;
  private final long offset;
  private final long byteSize;
  private final AtomicBoolean released = new AtomicBoolean();

  /** Holds the region from here on; the caller has made sure of that and of the bounds. */
  RegionPart(SharedRegion region, WatchedBuffers buffers, long offset, long byteSize) {
    this.region = region;
    this.buffers = buffers;
    this.offset = offset;
    this.byteSize = byteSize;
  }

  public long byteSize() {
    return byteSize;
  }

  /** Whether it lies on a GPU: {@link #copy} and {@link #write} block then. */
  public boolean isOnDevice() {
    return region.storage() instanceof CudaStorage;
  }

  /** Where it lies on a GPU, for as long as this is not released; null where it lies elsewhere. */
  public @Nullable DevicePart onDevice() {
    return region.storage() instanceof CudaStorage there ? new OnDevice(there) : null;
  }

  /** Another use of the same part, to be released for itself; not to be called after release. */
  public RegionPart again() {
    if (!region.hold()) {
      throw new IllegalStateException("a part of a shared memory region: released before");
    }
    return new RegionPart(region, buffers, offset, byteSize);
  }

  /** No bytes, which hold the part: it is released with them. The caller's. */
  public ByteBuf hold() {
    return buffers.watch(new Tensor(NOTHING));
  }

  /**
   * The part as a tensor: where it lies, if it starts at a multiple of {@link
   * TensorMemory#ALIGNMENT_BYTES}, which engines rely on; a copy otherwise.
   *
   * @param memory for the copy
   * @return the caller's, with the part in it: this is released with it
   * @throws InferenceException RESOURCE_EXHAUSTED where the copy finds no room or the part is
   *     larger than a tensor may be; the part is released then
   */
  public ByteBuf tensor(TensorSource memory) throws InferenceException {
    if (byteSize <= TensorMemory.LARGEST_BYTES && region.storage() instanceof SystemStorage there) {
      ByteBuffer view = there.view(offset, (int) byteSize);
      if (view.alignmentOffset(0, TensorMemory.ALIGNMENT_BYTES) == 0) {
        return buffers.watch(new Tensor(view));
      }
    }
    return copy(memory);
  }

  /**
   * A copy, which its client cannot change any more. The part is released, also where this throws.
   *
   * @return the caller's
   * @throws InferenceException RESOURCE_EXHAUSTED as {@link #tensor}
   */
  public ByteBuf copy(TensorSource memory) throws InferenceException {
    try {
      ByteBuf copy = memory.allocate(byteSize);
      boolean complete = false;
      try {
        read(copy);
        complete = true;
        return copy;
      } finally {
        if (!complete) {
          copy.release();
        }
      }
    } finally {
      release();
    }
  }

  /** Copies all of it to the end of a buffer. */
  void read(ByteBuf destination) throws InferenceException {
    region.storage().read(offset, (int) byteSize, destination);
  }

  /**
   * Writes a tensor to its start.
   *
   * @param tensor at most {@link #byteSize}; not released here
   * @throws InferenceException where its client has taken the memory away
   */
  public void write(ByteBuf tensor) throws InferenceException {
    region.storage().checkThere(offset + tensor.readableBytes());
    region.storage().write(offset, tensor);
  }

  /** Lets the region go; the second call and later ones do nothing. */
  public void release() {
    if (released.compareAndSet(false, true)) {
      region.letGo();
    }
  }

  /** As those see it who use the GPU. */
  private final class OnDevice implements DevicePart {

    private final CudaStorage storage;

    OnDevice(CudaStorage storage) {
      this.storage = storage;
    }

    @Override
    public int device() {
      return storage.device();
    }

    @Override
    public long address() {
      return storage.address() + offset;
    }

    @Override
    public long byteSize() {
      return byteSize;
    }

    @Override
    public void read(ByteBuf destination) throws InferenceException {
      RegionPart.this.read(destination);
    }

    @Override
    public void release() {
      RegionPart.this.release();
    }
  }

  /** Its memory under a tensor's reference count. */
  private final class Tensor extends UnpooledDirectByteBuf {

    Tensor(ByteBuffer view) {
      super(buffers, view, view.remaining());
    }

    @Override
    protected void deallocate() {
      super.deallocate();
      RegionPart.this.release();
    }
  }
}
