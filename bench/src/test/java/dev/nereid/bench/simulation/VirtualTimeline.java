package dev.nereid.bench.simulation;

import dev.nereid.bench.measure.Timeline;
import java.util.PriorityQueue;
import java.util.SplittableRandom;

/** Simulated time: waiting runs the events that are due by then, on the waiting thread. */
public final class VirtualTimeline implements Timeline {
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private long now = 1_000_000_000L;
  private long order;
  private double oversleepNanos;
  private final SplittableRandom random = new SplittableRandom(99);

  private record Event(long nanos, long order, Runnable action) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(nanos, other.nanos);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }
  }

  @Override
  public long nanoTime() {
    return now;
  }

  /** Runs something at an instant, not before now. */
  public void at(long nanos, Runnable action) {
    events.add(new Event(Math.max(now, nanos), order++, action));
  }

  /** Makes every wait end late, by an exponential time of that mean. */
  public void oversleep(double meanNanos) {
    this.oversleepNanos = meanNanos;
  }

  @Override
  public void awaitUntil(long nanos) {
    long until = nanos;
    if (oversleepNanos > 0 && nanos > now) {
      until += Math.round(-Math.log(1 - random.nextDouble()) * oversleepNanos);
    }
    while (!events.isEmpty() && events.peek().nanos() <= until) {
      Event event = events.remove();
      now = event.nanos();
      event.action().run();
    }
    now = Math.max(now, until);
  }
}
