package dev.nereid.server.scheduling;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelInstance;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.metrics.FailureReason;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One instance at work: it pulls a batch, runs it, answers it, and parks when there is none. With a
 * {@link ModelInstance#depth} of two or more it begins the next batch before it waits for the one
 * before.
 *
 * <p>A thread of its own drives it by {@link #run}; a test drives it by hand with {@link #step}, or
 * with {@link #pull} and {@link #execute}, which never wait.
 */
final class InstanceWorker implements Runnable {

  private static final Logger log = LoggerFactory.getLogger(InstanceWorker.class);

  /** What a worker is doing. */
  enum State {
    /** Running a batch, or on its way to look for one. */
    AWAKE,
    /** Found nothing to do, and waits to be woken. */
    IDLE,
    /** Pulls no more. */
    ENDED
  }

  private final ModelScheduler scheduler;
  private final ModelInstance instance;
  private final String name;
  private final int depth;
  private final String gpuUuid;
  private final Runnable onThread;

  /** Begun and not completed, the oldest first. */
  private final ArrayDeque<RequestBatch> begun = new ArrayDeque<>(1);

  private @Nullable Thread thread;

  /** Written under the scheduler's lock. */
  private volatile State state = State.AWAKE;

  InstanceWorker(ModelScheduler scheduler, ScheduledInstance scheduled) {
    this.scheduler = scheduler;
    this.instance = scheduled.instance();
    this.name = scheduled.name();
    this.depth = Math.max(1, instance.depth());
    this.gpuUuid = scheduled.gpuUuid();
    this.onThread = scheduled.onThread();
  }

  String name() {
    return name;
  }

  State state() {
    return state;
  }

  void state(State next) {
    state = next;
  }

  /** Starts its thread. */
  void start(String threadName) {
    Thread started = new Thread(this, threadName);
    started.setDaemon(true);
    thread = started;
    started.start();
  }

  /** Lets {@link #run} go on after {@link State#IDLE} was left. Does nothing without a thread. */
  void unpark() {
    LockSupport.unpark(thread);
  }

  /** Waits until its thread has ended; returns at once if it never was started. */
  void join() {
    @Nullable Thread running = thread;
    boolean interrupted = false;
    while (running != null && running.isAlive()) {
      try {
        running.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void run() {
    try {
      onThread.run();
    } catch (RuntimeException | Error refused) {
      // It was possible when the instance was made; it serves from where it is.
      log.error("{}: runs on any core", name, refused);
    }
    while (state != State.ENDED) {
      step();
      while (state == State.IDLE) {
        LockSupport.park(this);
        clearInterrupt();
      }
      clearInterrupt();
    }
  }

  /**
   * A backend may have left the flag: the next batch shall not meet it, and it keeps none parked.
   */
  private static void clearInterrupt() {
    boolean ignored = Thread.interrupted();
  }

  /**
   * One move: begins the next batch if there is one to take, and completes the oldest if no more
   * can be begun. A defect of the scheduler's own must not end a thread unseen: readiness shows it.
   */
  void step() {
    try {
      @Nullable RequestBatch batch = begun.isEmpty() ? pull() : scheduler.pullAhead();
      if (batch != null) {
        begin(batch);
      }
      if (begun.size() == depth || (batch == null && !begun.isEmpty())) {
        completeOldest();
      }
    } catch (RuntimeException | Error defect) {
      log.error("{}: ends, since it could not take a batch", name, defect);
      retire(defect.toString());
    }
  }

  /** The batch to run now; or null, and then it is idle or has ended. */
  @Nullable RequestBatch pull() {
    return scheduler.pull(this);
  }

  /** Begins a batch and completes all that were begun. */
  void execute(RequestBatch batch) {
    begin(batch);
    while (!begun.isEmpty()) {
      completeOldest();
    }
  }

  /** Hands a batch to the instance; one that it does not take is answered at once. */
  private void begin(RequestBatch batch) {
    batch.runsOn(gpuUuid);
    @Nullable Throwable refusal = failureOf(() -> instance.start(batch));
    if (refusal == null) {
      begun.addLast(batch);
    } else {
      conclude(batch, refusal);
    }
  }

  /** Waits for the oldest batch and answers every request in it, once. */
  private void completeOldest() {
    RequestBatch batch = begun.removeFirst();
    conclude(
        batch,
        failureOf(
            () -> {
              instance.complete(batch);
              batch.finish();
            }));
  }

  /** What the backend is asked to do. */
  private interface Work {
    void run() throws BackendException;
  }

  private static @Nullable Throwable failureOf(Work work) {
    try {
      work.run();
      return null;
    } catch (BackendException | RuntimeException | Error failure) {
      return failure;
    }
  }

  /**
   * Answers every request of a batch that has run, or fails them all. What the backend threw costs
   * the batch alone; what breaks of ours retires the instance.
   */
  private void conclude(RequestBatch batch, @Nullable Throwable failure) {
    Optional<String> fault;
    try {
      try {
        if (failure != null) {
          fail(batch, failure);
        }
      } finally {
        try {
          batch.release();
        } finally {
          scheduler.executed(batch);
        }
      }
      fault = fault();
    } catch (RuntimeException | Error defect) {
      log.error("{}: ends, since a batch of {} could not be finished", name, batch.size(), defect);
      fault = Optional.of(defect.toString());
    }
    fault.ifPresent(this::retire);
  }

  private void fail(RequestBatch batch, Throwable failure) {
    if (failure instanceof TensorMemoryExhaustedException exhausted) {
      batch.failAll(exhausted.refusal(), FailureReason.OTHER);
    } else if (failure instanceof BackendException
        || failure instanceof MisbehavingBackendException) {
      log.debug("{}: a batch of {} failed", name, batch.size(), failure);
      batch.failAll(internal(String.valueOf(failure.getMessage())), FailureReason.BACKEND);
    } else {
      log.error("{}: a batch of {} failed", name, batch.size(), failure);
      batch.failAll(internal(failure.toString()), FailureReason.BACKEND);
    }
  }

  /** Ends for good, once what was begun before is answered; the second time does nothing. */
  private void retire(String reason) {
    while (!begun.isEmpty()) {
      completeOldest();
    }
    scheduler.fail(this, reason);
  }

  private Optional<String> fault() {
    try {
      return instance.fault();
    } catch (RuntimeException | Error unexpected) {
      log.error("{}: cannot say whether it can run", name, unexpected);
      return Optional.of(unexpected.toString());
    }
  }

  private static InferenceException internal(String text) {
    return new InferenceException(StatusCode.INTERNAL, text);
  }
}
