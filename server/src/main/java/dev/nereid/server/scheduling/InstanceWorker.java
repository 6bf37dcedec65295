package dev.nereid.server.scheduling;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelInstance;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.metrics.FailureReason;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One instance at work: it pulls a batch, runs it, answers it, and parks when there is none.
 *
 * <p>A thread of its own drives it by {@link #run}; a test drives it by hand with {@link #pull} and
 * {@link #execute}, which never wait.
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
  private @Nullable Thread thread;

  /** Written under the scheduler's lock. */
  private volatile State state = State.AWAKE;

  InstanceWorker(ModelScheduler scheduler, ScheduledInstance scheduled) {
    this.scheduler = scheduler;
    this.instance = scheduled.instance();
    this.name = scheduled.name();
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
    while (state != State.ENDED) {
      pullAndExecute();
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

  /** A defect of the scheduler's own must not end a thread unseen: readiness shows it. */
  private void pullAndExecute() {
    try {
      @Nullable RequestBatch batch = pull();
      if (batch != null) {
        execute(batch);
      }
    } catch (RuntimeException | Error defect) {
      log.error("{}: ends, since it could not take a batch", name, defect);
      scheduler.fail(this, defect.toString());
    }
  }

  /** The batch to run now; or null, and then it is idle or has ended. */
  @Nullable RequestBatch pull() {
    return scheduler.pull(this);
  }

  /**
   * Runs a batch and answers every request in it, once, whatever breaks on the way. What the
   * backend throws fails the batch; what breaks of ours retires the instance.
   */
  void execute(RequestBatch batch) {
    Optional<String> fault;
    try {
      try {
        compute(batch);
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
    fault.ifPresent(reason -> scheduler.fail(this, reason));
  }

  private void compute(RequestBatch batch) {
    try {
      instance.execute(batch);
      batch.finish();
    } catch (TensorMemoryExhaustedException exhausted) {
      batch.failAll(exhausted.refusal(), FailureReason.OTHER);
    } catch (BackendException | MisbehavingBackendException reason) {
      log.debug("{}: a batch of {} failed", name, batch.size(), reason);
      batch.failAll(internal(String.valueOf(reason.getMessage())), FailureReason.BACKEND);
    } catch (RuntimeException | Error unexpected) {
      log.error("{}: a batch of {} failed", name, batch.size(), unexpected);
      batch.failAll(internal(unexpected.toString()), FailureReason.BACKEND);
    }
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
