package dev.nereid.bench.measure;

import dev.nereid.bench.arrivals.ArrivalSchedule;
import dev.nereid.bench.target.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Sends on an absolute schedule, whatever the server does.
 *
 * <ul>
 *   <li>Of n senders each goes through the whole schedule and sends every n-th request, so that one
 *       core's copying of large requests bounds no rate, and no request crosses between threads.
 *       The first is the calling thread, which also ticks, once the others have come as far.
 *   <li>A sender that is late sends its overdue requests at once, one after the other, and their
 *       response time starts at the instant they were due. One that is more than {@value
 *       #HOPELESS_NANOS} ns behind gives up: what it did not send is counted as offered and late.
 * </ul>
 */
final class OpenLoop {
  private static final long HOPELESS_NANOS = 2_000_000_000L;

  /** How long a sender other than the first sleeps before it looks whether the load has ended. */
  private static final long NAP_NANOS = 10_000_000;

  private static final long CATCH_UP_NANOS = 20_000;

  private final Target target;
  private final Timeline timeline;
  private final Recording recording;
  private final StopSignal stop;
  private final List<Sender> senders;
  private volatile boolean ended;

  /** Of a sender other than the first. */
  private volatile @Nullable Throwable failure;

  /**
   * @param schedules makes the schedule, the same each time
   * @param senders at least 1
   */
  OpenLoop(
      Target target,
      Timeline timeline,
      Supplier<ArrivalSchedule> schedules,
      int senders,
      Recording recording,
      StopSignal stop) {
    this.target = target;
    this.timeline = timeline;
    this.recording = recording;
    this.stop = stop;
    this.senders =
        IntStream.range(0, senders).mapToObj(i -> new Sender(schedules.get(), i, senders)).toList();
  }

  /** The instants of one sender. */
  private static final class Sender {
    private final ArrivalSchedule schedule;
    private final int stride;
    private long sequence;

    /** Offset of the next request; all before it have left. */
    private volatile long due;

    Sender(ArrivalSchedule schedule, int first, int stride) {
      this.schedule = schedule;
      this.stride = stride;
      this.sequence = first;
      skip(first);
      this.due = schedule.nextOffsetNanos();
    }

    private void skip(int instants) {
      for (int i = 0; i < instants; i++) {
        schedule.nextOffsetNanos();
      }
    }

    void advance() {
      sequence += stride;
      skip(stride - 1);
      due = schedule.nextOffsetNanos();
    }
  }

  /**
   * Runs until the watch says so or the user does.
   *
   * @param startNanos the instant of offset 0
   */
  void run(long startNanos, Prober.Watch watch) {
    List<Thread> threads = new ArrayList<>();
    try {
      for (Sender sender : senders.subList(1, senders.size())) {
        Thread thread = new Thread(() -> follow(sender, startNanos), "bench-sender");
        thread.setDaemon(true);
        thread.start();
        threads.add(thread);
      }
      lead(senders.get(0), startNanos, watch);
    } finally {
      ended = true;
      threads.forEach(OpenLoop::join);
    }
    rethrow(failure);
    for (Sender sender : senders) {
      for (; sender.due < watch.endOfWindowNanos(); sender.advance()) {
        recording.neverSent(startNanos + sender.due);
      }
    }
  }

  private void lead(Sender own, long startNanos, Prober.Watch watch) {
    while (failure == null) {
      long tick = watch.nextTickNanos();
      boolean isTick = tick <= own.due;
      timeline.awaitUntil(startNanos + (isTick ? tick : own.due));
      if (stop.isRequested()) {
        watch.interruptedAt(timeline.nanoTime() - startNanos);
        return;
      }
      if (!isTick) {
        send(own, startNanos);
      } else if (isAllSentBefore(tick)) {
        if (watch.tick()) {
          return;
        }
      } else {
        // What is due before a tick counts before it, whichever thread sends it.
        long now = timeline.nanoTime();
        timeline.awaitUntil(Math.min(now + CATCH_UP_NANOS, startNanos + own.due));
        if (startNanos + own.due <= timeline.nanoTime()) {
          send(own, startNanos);
        }
      }
    }
  }

  private boolean isAllSentBefore(long tick) {
    return senders.stream().allMatch(sender -> sender.due >= tick);
  }

  private void follow(Sender own, long startNanos) {
    try {
      while (!ended) {
        long next = Math.min(startNanos + own.due, timeline.nanoTime() + NAP_NANOS);
        timeline.awaitUntil(next);
        if (!ended && next == startNanos + own.due) {
          send(own, startNanos);
        }
      }
    } catch (RuntimeException | Error e) {
      failure = e;
    }
  }

  private void send(Sender own, long startNanos) {
    long due = startNanos + own.due;
    if (timeline.nanoTime() - due > HOPELESS_NANOS) {
      recording.neverSent(due);
    } else {
      target.send(own.sequence, recording.begin(due, nanos -> {}));
    }
    own.advance();
  }

  private static void rethrow(@Nullable Throwable failure) {
    if (failure instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    if (failure instanceof Error error) {
      throw error;
    }
  }

  /** An interrupt meanwhile is seen afterwards. */
  private static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
