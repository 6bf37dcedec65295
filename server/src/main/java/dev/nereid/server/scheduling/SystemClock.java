package dev.nereid.server.scheduling;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The real time, with one thread for the alarms of the whole server. Each model version keeps its
 * own requests' expiries and sets one alarm, for the first of them, so that thread sees few.
 */
public final class SystemClock implements Clock, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SystemClock.class);

  private final ScheduledThreadPoolExecutor alarms;

  public SystemClock() {
    alarms =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "queue-deadlines");
              thread.setDaemon(true);
              return thread;
            });
    alarms.setRemoveOnCancelPolicy(true);
    // After close(): a scheduler that is still there must not fail for it.
    alarms.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
    alarms.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public Alarm at(long nanos, Runnable task) {
    ScheduledFuture<?> future =
        alarms.schedule(logged(task), nanos - System.nanoTime(), TimeUnit.NANOSECONDS);
    return () -> future.cancel(false);
  }

  /** The executor would keep what a task throws to itself. */
  private static Runnable logged(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException | Error defect) {
        log.error("An alarm failed", defect);
      }
    };
  }

  /** No alarm goes off afterwards; close the schedulers first. */
  @Override
  public void close() {
    alarms.shutdownNow();
  }
}
