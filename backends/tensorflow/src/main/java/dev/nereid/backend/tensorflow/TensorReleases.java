package dev.nereid.backend.tensorflow;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.bytedeco.javacpp.Pointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tensorflow.internal.c_api.Deallocator_Pointer_long_Pointer;

/**
 * Counts the tensors over foreign memory that TensorFlow still refers to.
 *
 * <p>It calls back when the last reference to one goes, which is mostly within {@code
 * TF_DeleteTensor}. After a run on a GPU it can be a moment later, on a thread of TensorFlow's
 * whose closure still holds the tensor that it copied from. So the instance waits: to hand memory
 * back that something may still read is the one thing that must not happen, and a wait without end
 * is better, with a line in the log.
 */
final class TensorReleases {

  private static final Logger log = LoggerFactory.getLogger(TensorReleases.class);

  private static final int SPINS = 200;
  private static final long PAUSE_NANOS = Duration.ofNanos(20_000).toNanos();
  private static final long COMPLAIN_NANOS = Duration.ofSeconds(10).toNanos();

  private static final Map<Long, TensorReleases> ALL = new ConcurrentHashMap<>();
  private static final AtomicLong LAST_ID = new AtomicLong();

  /** One for all, since JavaCPP has room for ten callbacks of a kind in a process. */
  static final Deallocator_Pointer_long_Pointer CALLBACK = new Released();

  private final long id = LAST_ID.incrementAndGet();
  private final Pointer argument = new Id(id);
  private final AtomicInteger held = new AtomicInteger();

  TensorReleases() {
    ALL.put(id, this);
  }

  /** A tensor is about to be made with {@link #CALLBACK}: its last argument. */
  Pointer begin() {
    held.incrementAndGet();
    return argument;
  }

  /** It was not made. */
  void cancel() {
    held.decrementAndGet();
  }

  /** Returns when TensorFlow has let go of them all. */
  void await() {
    for (int i = 0; i < SPINS && held.get() > 0; i++) {
      Thread.onSpinWait();
    }
    long complain = System.nanoTime() + COMPLAIN_NANOS;
    while (held.get() > 0) {
      LockSupport.parkNanos(PAUSE_NANOS);
      if (System.nanoTime() - complain > 0) {
        log.error("TensorFlow still refers to {} inputs of a batch that has run", held.get());
        complain = System.nanoTime() + COMPLAIN_NANOS;
      }
    }
  }

  /** After the last {@link #await}. */
  void close() {
    ALL.remove(id);
  }

  /** A number in the place of a pointer. */
  private static final class Id extends Pointer {
    Id(long number) {
      address = number;
    }
  }

  /** Called by TensorFlow, on any thread. */
  private static final class Released extends Deallocator_Pointer_long_Pointer {
    @Override
    public void call(Pointer data, long byteSize, Pointer argument) {
      TensorReleases releases = ALL.get(argument.address());
      if (releases != null) {
        releases.held.decrementAndGet();
      }
    }
  }
}
