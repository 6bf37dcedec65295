package dev.nereid.server.memory;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.nereid.server.inference.InferenceException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledDirectByteBuf;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Page-locked memory for the tensors of models on GPUs, up to a budget; beyond it, and while more
 * is being locked, they lie in ordinary memory, which is slower and never wrong.
 *
 * <ul>
 *   <li>Thread-safe. {@link #allocate} does not block: to lock 64 MiB takes some 50 ms, so a thread
 *       of its own does it, when what is locked has run out.
 *   <li>Nothing is locked before a model on a GPU is loaded, a chunk with the first one, and all is
 *       given back after the last: a server that is idle, or without such models, holds none of it.
 * </ul>
 *
 * <p>Large chunks that are cut up, locked one after the other as they are needed: locking costs
 * several times what the copy costs that it saves, so a slab for each tensor would never pay; and
 * the whole budget at once, 0.2 s and 256 MiB, is more than most servers use.
 */
public final class PinnedMemory implements TensorSource, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(PinnedMemory.class);

  private static final int CHUNK_BYTES = 64 << 20;

  private static final Duration IDLE = Duration.ofSeconds(10);

  private final TensorMemory ordinary;
  private final PageLocking pages;
  private final long budgetBytes;
  private final int chunkBytes;
  private final WatchedBuffers buffers = new WatchedBuffers();
  private final ThreadPoolExecutor worker;
  private final Object lock = new Object();

  @GuardedBy("lock")
  private final List<PinnedChunk> chunks = new ArrayList<>();

  /** Of chunks, and of one that is being made. */
  @GuardedBy("lock")
  private long lockedBytes;

  @GuardedBy("lock")
  private long usedBytes;

  /** Models on GPUs. */
  @GuardedBy("lock")
  private int users;

  /** A GPU that one of them is on. */
  @GuardedBy("lock")
  private int device;

  @GuardedBy("lock")
  private boolean growing;

  /** The system gave no more; not asked again while the same models are there. */
  @GuardedBy("lock")
  private boolean refused;

  /**
   * @param ordinary for everything beyond the budget
   * @param budgetBytes that may be locked at any time
   */
  public PinnedMemory(TensorMemory ordinary, PageLocking pages, long budgetBytes) {
    this(ordinary, pages, budgetBytes, CHUNK_BYTES);
  }

  /**
   * @param chunkBytes of what is locked at a time
   */
  PinnedMemory(TensorMemory ordinary, PageLocking pages, long budgetBytes, int chunkBytes) {
    this.ordinary = ordinary;
    this.pages = pages;
    this.budgetBytes = pages.isAvailable() ? budgetBytes : 0;
    this.chunkBytes = chunkBytes;
    worker =
        new ThreadPoolExecutor(
            1,
            1,
            IDLE.toMillis(),
            TimeUnit.MILLISECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, "pinned-memory");
              thread.setDaemon(true);
              return thread;
            });
    worker.allowCoreThreadTimeOut(true);
  }

  /** Ordinary memory alone. */
  public static PinnedMemory none(TensorMemory ordinary) {
    return new PinnedMemory(ordinary, PageLocking.NONE, 0);
  }

  /** What is used beyond the budget, and by models on the CPU. */
  public TensorMemory ordinary() {
    return ordinary;
  }

  /** The most that may be locked; 0 where there is no GPU. */
  public long totalBytes() {
    return budgetBytes;
  }

  /** Of tensors, at this moment. */
  public long usedBytes() {
    synchronized (lock) {
      return usedBytes;
    }
  }

  /** Locked at this moment, used or not. */
  public long lockedBytes() {
    synchronized (lock) {
      return lockedBytes;
    }
  }

  /**
   * A model on a GPU is there, until {@link #removeUser}. With the first, a chunk is locked, which
   * blocks.
   *
   * @param onDevice the GPU's index among those that this process sees
   */
  public void addUser(int onDevice) {
    synchronized (lock) {
      users++;
      device = onDevice;
      refused = false;
      if (!chunks.isEmpty()) {
        return;
      }
    }
    grow(TensorMemory.ALIGNMENT_BYTES);
  }

  /** A model on a GPU has gone. With the last, everything is given back. Blocks. */
  public void removeUser() {
    synchronized (lock) {
      users--;
    }
    trim();
  }

  /**
   * Locks memory that other code made, so that the GPUs of the models that are there read it
   * directly; says so in the log where that fails. Blocks.
   *
   * @param what for the log
   * @return unlocks it; to be run once, before the memory goes
   */
  public Runnable lock(String what, long address, long byteSize) {
    int onDevice;
    synchronized (lock) {
      if (users == 0) {
        return () -> {};
      }
      onDevice = device;
    }
    try {
      Runnable unlock = pages.lock(onDevice, address, byteSize);
      log.info("{}: {} bytes page-locked", what, byteSize);
      return unlock;
    } catch (DeviceMemoryException e) {
      log.warn("{}: not page-locked, which makes it slower: {}", what, e.getMessage());
      return () -> {};
    }
  }

  @Override
  public ByteBuf allocate(long byteSize) throws InferenceException {
    if (byteSize < 0 || byteSize > Math.min(budgetBytes, TensorMemory.LARGEST_BYTES)) {
      return ordinary.allocate(byteSize);
    }
    int bytes = rounded((int) byteSize);
    synchronized (lock) {
      for (PinnedChunk chunk : chunks) {
        int start = chunk.take(bytes);
        if (start != PinnedChunk.NO_ROOM) {
          usedBytes += bytes;
          return buffers.watch(new TensorBuffer(chunk, start, bytes, (int) byteSize));
        }
      }
    }
    growSoon(bytes);
    return ordinary.allocate(byteSize);
  }

  private static int rounded(int byteSize) {
    int unit = TensorMemory.ALIGNMENT_BYTES;
    return Math.max(unit, (byteSize + unit - 1) / unit * unit);
  }

  private void growSoon(int bytes) {
    synchronized (lock) {
      if (!mayGrow(bytes)) {
        return;
      }
    }
    try {
      worker.execute(() -> grow(bytes));
    } catch (RejectedExecutionException closed) {
      log.debug("No more memory is locked: the server stops");
    }
  }

  @GuardedBy("lock")
  private boolean mayGrow(int bytes) {
    return users > 0 && !growing && !refused && chunkFor(bytes) >= bytes;
  }

  /** Bytes of the next chunk: a tensor of that size fits into it, unless the budget is used up. */
  @GuardedBy("lock")
  private int chunkFor(int bytes) {
    long left = budgetBytes - lockedBytes;
    return (int) Math.min(Math.max(chunkBytes, bytes), left - left % TensorMemory.ALIGNMENT_BYTES);
  }

  private void grow(int bytes) {
    int size;
    int onDevice;
    synchronized (lock) {
      if (!mayGrow(bytes)) {
        return;
      }
      growing = true;
      size = chunkFor(bytes);
      lockedBytes += size;
      onDevice = device;
    }
    @Nullable PinnedChunk chunk = null;
    try {
      chunk = new PinnedChunk(pages.allocate(onDevice, size));
      log.debug("{} bytes of memory page-locked", size);
    } catch (DeviceMemoryException e) {
      log.warn(
          "{} bytes of memory not page-locked, ordinary memory is used: {}", size, e.getMessage());
    } finally {
      synchronized (lock) {
        growing = false;
        if (chunk == null) {
          refused = true;
          lockedBytes -= size;
        } else {
          chunks.add(chunk);
        }
      }
    }
    // The last model may have gone meanwhile.
    trim();
  }

  /** Gives back what no tensor uses, where no model does. Blocks. */
  private void trim() {
    List<PinnedChunk> unused = new ArrayList<>();
    synchronized (lock) {
      if (users > 0) {
        return;
      }
      for (PinnedChunk chunk : chunks) {
        if (chunk.isUnused()) {
          unused.add(chunk);
          lockedBytes -= chunk.byteSize();
        }
      }
      chunks.removeAll(unused);
    }
    unused.forEach(PinnedChunk::free);
  }

  private void giveBack(PinnedChunk chunk, int start, int bytes) {
    boolean last;
    synchronized (lock) {
      chunk.giveBack(start, bytes);
      usedBytes -= bytes;
      last = users <= 0 && chunk.isUnused();
    }
    if (last) {
      try {
        worker.execute(this::trim);
      } catch (RejectedExecutionException closed) {
        trim();
      }
    }
  }

  /** Gives everything back that no tensor uses; the rest goes with its last tensor. Blocks. */
  @Override
  public void close() {
    synchronized (lock) {
      users = 0;
    }
    worker.shutdown();
    trim();
  }

  /** One tensor's memory; its part of the chunk is free again with its last reference. */
  private final class TensorBuffer extends UnpooledDirectByteBuf {

    private final PinnedChunk chunk;
    private final int start;
    private final int bytes;

    TensorBuffer(PinnedChunk chunk, int start, int bytes, int byteSize) {
      super(buffers, chunk.view(start, byteSize), byteSize);
      this.chunk = chunk;
      this.start = start;
      this.bytes = bytes;
      clear();
    }

    @Override
    protected void deallocate() {
      super.deallocate();
      giveBack(chunk, start, bytes);
    }
  }
}
