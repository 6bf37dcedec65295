package dev.nereid.server.repository;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.nereid.backend.AutotuneTurn;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The threads that load models: so many at a time, first come, first served, and none where nothing
 * is to be done.
 *
 * <p>One that waits for its {@linkplain AutotuneTurn turn} does not count, so that what needs none
 * serves while engines of others are built for minutes. Once it has its turn there is one more than
 * allowed, until the next is done with its task. Thread-safe.
 */
final class LoadThreads implements Executor {

  /**
   * Engines recurse deeply while they start and while they optimise a graph: ONNX Runtime overruns
   * a stack of 1 MiB, and takes the process with it, on no more than a JVM's long command line.
   * Reserved, and not touched unless needed.
   */
  private static final long STACK_BYTES = 64L << 20;

  private final int limit;

  @GuardedBy("this")
  private final Deque<Runnable> tasks = new ArrayDeque<>();

  @GuardedBy("this")
  private int running;

  @GuardedBy("this")
  private int started;

  /**
   * @param limit at least 1
   */
  LoadThreads(int limit) {
    this.limit = limit;
  }

  @Override
  public synchronized void execute(Runnable task) {
    tasks.add(task);
    startIfThereIsRoom();
  }

  /** One thread at the most, as one task came or one thread stopped counting. */
  @GuardedBy("this")
  private void startIfThereIsRoom() {
    if (running < limit && !tasks.isEmpty()) {
      running++;
      new LoadThread("model-load-" + started++).start();
    }
  }

  /** A running thread's next task; null where it is to end, and does not count any more. */
  private synchronized @Nullable Runnable next() {
    if (running > limit || tasks.isEmpty()) {
      running--;
      return null;
    }
    return tasks.remove();
  }

  private synchronized void pause() {
    running--;
    startIfThereIsRoom();
  }

  private synchronized void goOn() {
    running++;
  }

  private final class LoadThread extends Thread implements AutotuneTurn.Waiter {

    LoadThread(String name) {
      super(null, null, name, STACK_BYTES);
      setDaemon(true);
    }

    @Override
    public void run() {
      for (Runnable task = next(); task != null; task = next()) {
        task.run();
      }
    }

    @Override
    public void waits() {
      pause();
    }

    @Override
    public void goesOn() {
      goOn();
    }
  }
}
