package dev.nereid.bench.measure;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Time as the generator lives it: read, and waited for. Tests put simulated time here. */
public interface Timeline {

  /** Nanoseconds from an arbitrary origin, never going back. Any thread. */
  long nanoTime();

  /** Returns at {@code nanos} or just after. A thread of the generator's. */
  void awaitUntil(long nanos);

  /**
   * The machine's monotonic clock. It parks until 100 µs before the instant (the kernel's timer
   * slack is about 50 µs) and spins the rest: microsecond departures at a cost of at most 100 µs of
   * one core a request, and of one core a thread however high the rate.
   */
  static Timeline system() {
    return SystemTimeline.INSTANCE;
  }

  /** See {@link #system()}. */
  final class SystemTimeline implements Timeline {
    private static final SystemTimeline INSTANCE = new SystemTimeline();
    private static final long SPIN_NANOS = TimeUnit.MICROSECONDS.toNanos(100);

    private SystemTimeline() {}

    @Override
    public long nanoTime() {
      return System.nanoTime();
    }

    @Override
    public void awaitUntil(long nanos) {
      for (long left = nanos - System.nanoTime(); left > 0; left = nanos - System.nanoTime()) {
        if (left > SPIN_NANOS && !Thread.currentThread().isInterrupted()) {
          LockSupport.parkNanos(left - SPIN_NANOS);
        } else {
          Thread.onSpinWait();
        }
      }
    }
  }
}
