package dev.nereid.server.memory;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledDirectByteBuf;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The memory that tensors lie in: direct, pooled, counted, bounded.
 *
 * <ul>
 *   <li>Thread-safe. A buffer may be released by any thread; mostly an event loop allocates and an
 *       instance's thread releases.
 *   <li>Every buffer starts at a multiple of {@link #ALIGNMENT_BYTES}, so engines take it in place.
 *   <li>What is in use never exceeds the bound; a released slab is kept for the next tensor of its
 *       size, up to a bound of its own, or until another size needs the room.
 * </ul>
 *
 * <p>Why not Netty's own pools: its arenas hand out runs of 4-MiB chunks, so a batch of 32 images
 * (19 MB) is allocated from the system and zeroed every time, and a chunk that was a quarter full
 * goes back to the system whenever it empties, as it does between any two bursts. Larger chunks
 * only make that rarer and each time dearer. Tensors come in few sizes, again and again: a free
 * list for each size finds one in a few nanoseconds whichever thread gave it back.
 */
public final class TensorMemory implements TensorSource {

  /** What TensorFlow asks of a tensor that it shall use in place; also a cache line. */
  public static final int ALIGNMENT_BYTES = 64;

  /** The largest tensor. */
  public static final int LARGEST_BYTES = 7 << 28;

  /** Free slabs are kept up to so many bytes unless a constructor says otherwise. */
  public static final long RETAINED_BYTES = 256L << 20;

  private final long maxBytes;
  private final long maxRetainedBytes;
  private final WatchedBuffers buffers = new WatchedBuffers();
  private final Object lock = new Object();

  @GuardedBy("lock")
  private final List<ArrayDeque<Slab>> freeSlabs = new ArrayList<>(SizeClasses.COUNT);

  @GuardedBy("lock")
  private long usedBytes;

  @GuardedBy("lock")
  private long highWaterBytes;

  @GuardedBy("lock")
  private long retainedBytes;

  @GuardedBy("lock")
  private long slabsCreated;

  /**
   * @param maxBytes that may be in use or kept at any time
   */
  public TensorMemory(long maxBytes) {
    this(maxBytes, Math.min(maxBytes, RETAINED_BYTES));
  }

  /**
   * @param maxRetainedBytes of {@code maxBytes}, how many free ones are kept for the next tensors
   */
  public TensorMemory(long maxBytes, long maxRetainedBytes) {
    if (maxBytes <= 0) {
      throw new IllegalArgumentException("maxBytes: " + maxBytes + " (expected: > 0)");
    }
    if (maxRetainedBytes < 0 || maxRetainedBytes > maxBytes) {
      throw new IllegalArgumentException(
          "maxRetainedBytes: " + maxRetainedBytes + " (expected: 0.." + maxBytes + ")");
    }
    this.maxBytes = maxBytes;
    this.maxRetainedBytes = maxRetainedBytes;
    for (int i = 0; i < SizeClasses.COUNT; i++) {
      freeSlabs.add(new ArrayDeque<>(0));
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws InferenceException RESOURCE_EXHAUSTED if that would exceed the bound, or what the
   *     system has
   */
  @Override
  public ByteBuf allocate(long byteSize) throws InferenceException {
    if (byteSize < 0 || byteSize > LARGEST_BYTES) {
      throw new InferenceException(
          StatusCode.RESOURCE_EXHAUSTED,
          "tensor byte size: " + byteSize + " (expected: 0.." + LARGEST_BYTES + ")");
    }
    return buffers.watch(new TensorBuffer(take((int) byteSize), (int) byteSize));
  }

  /** In use at this moment, in whole slabs. */
  public long usedBytes() {
    synchronized (lock) {
      return usedBytes;
    }
  }

  /** The most that was ever in use. */
  public long highWaterBytes() {
    synchronized (lock) {
      return highWaterBytes;
    }
  }

  /** Kept free for the next tensors. */
  public long retainedBytes() {
    synchronized (lock) {
      return retainedBytes;
    }
  }

  /** The bound. */
  public long maxBytes() {
    return maxBytes;
  }

  /** Slabs ever asked of the system; stands still when the pool serves. */
  public long slabsCreated() {
    synchronized (lock) {
      return slabsCreated;
    }
  }

  private Slab take(int byteSize) throws InferenceException {
    int sizeClass = SizeClasses.indexOf(byteSize);
    int slabBytes = SizeClasses.bytes(sizeClass);
    List<Slab> evicted = List.of();
    synchronized (lock) {
      if (usedBytes + slabBytes > maxBytes) {
        throw new InferenceException(
            StatusCode.RESOURCE_EXHAUSTED,
            "tensor memory: "
                + slabBytes
                + " bytes on top of "
                + usedBytes
                + " in use (expected: at most "
                + maxBytes
                + " in all)");
      }
      usedBytes += slabBytes;
      highWaterBytes = Math.max(highWaterBytes, usedBytes);
      @Nullable Slab slab = freeSlabs.get(sizeClass).pollLast();
      if (slab != null) {
        retainedBytes -= slabBytes;
        return slab;
      }
      slabsCreated++;
      if (usedBytes + retainedBytes > maxBytes) {
        evicted = evict(usedBytes + retainedBytes - maxBytes);
      }
    }
    evicted.forEach(Slab::free);
    try {
      return new Slab(sizeClass);
    } catch (OutOfMemoryError systemIsOut) {
      synchronized (lock) {
        usedBytes -= slabBytes;
      }
      throw new InferenceException(
          StatusCode.RESOURCE_EXHAUSTED,
          "tensor memory: " + slabBytes + " bytes not to be had: " + systemIsOut.getMessage());
    }
  }

  @GuardedBy("lock")
  private List<Slab> evict(long bytes) {
    List<Slab> evicted = new ArrayList<>();
    long evictedBytes = 0;
    for (int i = SizeClasses.COUNT - 1; i >= 0 && evictedBytes < bytes; i--) {
      ArrayDeque<Slab> slabs = freeSlabs.get(i);
      while (evictedBytes < bytes) {
        @Nullable Slab slab = slabs.pollFirst();
        if (slab == null) {
          break;
        }
        evicted.add(slab);
        evictedBytes += slab.bytes();
      }
    }
    retainedBytes -= evictedBytes;
    return evicted;
  }

  private void giveBack(Slab slab) {
    boolean kept;
    synchronized (lock) {
      usedBytes -= slab.bytes();
      kept = retainedBytes + slab.bytes() <= maxRetainedBytes;
      if (kept) {
        retainedBytes += slab.bytes();
        freeSlabs.get(slab.sizeClass).addLast(slab);
      }
    }
    if (!kept) {
      slab.free();
    }
  }

  /** One tensor's memory; the slab comes home with its last reference. */
  private final class TensorBuffer extends UnpooledDirectByteBuf {

    private final Slab slab;

    TensorBuffer(Slab slab, int byteSize) {
      super(buffers, slab.memory(byteSize), byteSize);
      this.slab = slab;
      clear();
    }

    @Override
    protected void deallocate() {
      super.deallocate();
      giveBack(slab);
    }
  }
}
