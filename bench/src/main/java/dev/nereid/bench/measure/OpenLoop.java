package dev.nereid.bench.measure;

import dev.nereid.bench.arrivals.ArrivalSchedule;
import dev.nereid.bench.target.Target;

/**
 * Sends on an absolute schedule, whatever the server does.
 *
 * <p>A generator that is late sends the overdue requests at once, one after the other, and their
 * response time starts at the instant they were due. One that is more than {@value #HOPELESS_NANOS}
 * ns behind gives up: what it did not send is counted as offered and late.
 */
final class OpenLoop {
  private static final long HOPELESS_NANOS = 2_000_000_000L;

  private final Target target;
  private final Timeline timeline;
  private final ArrivalSchedule schedule;
  private final Recording recording;
  private final StopSignal stop;

  OpenLoop(
      Target target,
      Timeline timeline,
      ArrivalSchedule schedule,
      Recording recording,
      StopSignal stop) {
    this.target = target;
    this.timeline = timeline;
    this.schedule = schedule;
    this.recording = recording;
    this.stop = stop;
  }

  /**
   * Runs until the watch says so or the user does.
   *
   * @param startNanos the instant of offset 0
   */
  void run(long startNanos, Prober.Watch watch) {
    long sequence = 0;
    long due = schedule.nextOffsetNanos();
    while (true) {
      long tick = watch.nextTickNanos();
      boolean isTick = tick <= due;
      long event = isTick ? tick : due;
      timeline.awaitUntil(startNanos + event);
      if (stop.isRequested()) {
        watch.interruptedAt(timeline.nanoTime() - startNanos);
        break;
      }
      if (isTick) {
        if (watch.tick()) {
          break;
        }
      } else if (timeline.nanoTime() - startNanos - due > HOPELESS_NANOS) {
        recording.neverSent(startNanos + due);
        due = schedule.nextOffsetNanos();
      } else {
        target.send(sequence++, recording.begin(startNanos + due, ended -> {}));
        due = schedule.nextOffsetNanos();
      }
    }
    for (; due < watch.endOfWindowNanos(); due = schedule.nextOffsetNanos()) {
      recording.neverSent(startNanos + due);
    }
  }
}
