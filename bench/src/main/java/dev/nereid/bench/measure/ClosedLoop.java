package dev.nereid.bench.measure;

import dev.nereid.bench.target.Target;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Keeps a number of requests outstanding: each answer sends the next request, on the thread that
 * brought the answer. A request that failed is replaced at the next tick only, so that a server
 * that refuses everything is not hammered.
 */
final class ClosedLoop {
  private final Target target;
  private final Timeline timeline;
  private final Recording recording;
  private final StopSignal stop;
  private final AtomicInteger idle;
  private final AtomicLong sequence = new AtomicLong();
  private volatile boolean ended;

  ClosedLoop(
      Target target, Timeline timeline, int concurrency, Recording recording, StopSignal stop) {
    this.target = target;
    this.timeline = timeline;
    this.recording = recording;
    this.stop = stop;
    this.idle = new AtomicInteger(concurrency);
  }

  void run(long startNanos, Prober.Watch watch) {
    while (true) {
      for (int n = idle.getAndSet(0); n > 0; n--) {
        sendNext();
      }
      timeline.awaitUntil(startNanos + watch.nextTickNanos());
      if (stop.isRequested()) {
        watch.interruptedAt(timeline.nanoTime() - startNanos);
        break;
      }
      if (watch.tick()) {
        break;
      }
    }
    ended = true;
  }

  private void sendNext() {
    long now = timeline.nanoTime();
    target.send(sequence.getAndIncrement(), recording.begin(now, this::onEnd));
  }

  private void onEnd(long answeredNanos) {
    if (ended) {
      return;
    }
    if (answeredNanos >= 0) {
      sendNext();
    } else {
      idle.incrementAndGet();
    }
  }
}
