package dev.nereid.server.scheduling;

import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;

/** A clock that a test turns. Alarms go off on the test's thread, each at its own instant. */
public final class ManualClock implements Clock {

  // Far from zero and near an overflow, so that comparing instead of subtracting would show.
  private long nowNanos = Long.MAX_VALUE - Duration.ofSeconds(5).toNanos();
  private long sequence;

  private final PriorityQueue<Entry> alarms =
      new PriorityQueue<>(
          Comparator.<Entry>comparingLong(entry -> entry.nanos - nowNanos)
              .thenComparingLong(entry -> entry.sequence));

  private record Entry(long nanos, long sequence, Runnable task) {}

  @Override
  public long nanoTime() {
    return nowNanos;
  }

  @Override
  public Alarm at(long nanos, Runnable task) {
    Entry entry = new Entry(nanos, sequence++, task);
    alarms.add(entry);
    return () -> alarms.remove(entry);
  }

  /** Turns it to the next alarm within {@code limitNanos} and lets that go off. */
  public boolean nextAlarm(long limitNanos) {
    Entry next = alarms.peek();
    if (next == null || next.nanos - limitNanos > 0) {
      return false;
    }
    alarms.remove();
    if (next.nanos - nowNanos > 0) {
      nowNanos = next.nanos;
    }
    next.task.run();
    return true;
  }

  /** Turns it without letting anything go off, as for a clock thread that is late. */
  public void jumpTo(long nanos) {
    nowNanos = nanos;
  }

  public int alarms() {
    return alarms.size();
  }
}
