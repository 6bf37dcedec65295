package dev.nereid.backend;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An instance of an engine whose run blocks. With one lane a batch passes after the other on the
 * instance's thread. With two, the next batch is fed and the one before answered while one runs:
 *
 * <pre>
 *   instance's thread   feed 1 | feed 2          | answer 1, feed 3 | answer 2 ...
 *   runner                     | run 1           | run 2            | run 3 ...
 * </pre>
 *
 * <p>Runs follow each other on one thread, so the engine sees one at a time. A batch that nothing
 * follows runs on the instance's thread, and costs no change of threads.
 */
public final class LanedInstance implements ModelInstance {

  private final List<? extends BatchLane> lanes;
  private final Runnable afterwards;
  private final ArrayDeque<Begun> begun = new ArrayDeque<>(2);
  private final String threadName;
  private @Nullable ExecutorService runner;
  private long started;

  /** A batch in its lane. */
  private static final class Begun {
    private final BatchLane lane;
    private final Batch batch;
    private final boolean runs;
    private @Nullable Future<@Nullable Void> run;

    Begun(BatchLane lane, Batch batch) throws BackendException {
      this.lane = lane;
      this.batch = batch;
      boolean fed = false;
      try {
        runs = lane.feed(batch);
        fed = true;
      } finally {
        if (!fed) {
          lane.release();
        }
      }
    }
  }

  /**
   * @param lanes as many as {@link #depth}; closed with this
   * @param afterwards what is to happen once they are closed
   * @param name of the instance, for the runner's thread
   */
  public LanedInstance(List<? extends BatchLane> lanes, Runnable afterwards, String name) {
    this.lanes = List.copyOf(lanes);
    this.afterwards = afterwards;
    this.threadName = name + "-run";
  }

  /** In the order of their use. */
  public List<? extends BatchLane> lanes() {
    return lanes;
  }

  @Override
  public int depth() {
    return lanes.size();
  }

  @Override
  public void execute(Batch batch) throws BackendException {
    start(batch);
    complete(batch);
  }

  @Override
  public void start(Batch batch) throws BackendException {
    if (!begun.isEmpty()) {
      runAside(begun.getLast());
    }
    Begun next = new Begun(lanes.get((int) (started % lanes.size())), batch);
    if (!begun.isEmpty()) {
      boolean handedOver = false;
      try {
        runAside(next);
        handedOver = true;
      } finally {
        if (!handedOver) {
          next.lane.release();
        }
      }
    }
    begun.addLast(next);
    started++;
  }

  private void runAside(Begun waiting) {
    if (waiting.run != null || !waiting.runs) {
      return;
    }
    ExecutorService executor = runner;
    if (executor == null) {
      executor = Executors.newSingleThreadExecutor(this::newThread);
      runner = executor;
    }
    waiting.run =
        executor.submit(
            () -> {
              waiting.lane.run(waiting.batch);
              return null;
            });
  }

  private Thread newThread(Runnable body) {
    Thread thread = new Thread(body, threadName);
    thread.setDaemon(true);
    return thread;
  }

  @Override
  public void complete(Batch batch) throws BackendException {
    Begun oldest = begun.removeFirst();
    try {
      if (!oldest.runs) {
        return;
      }
      Future<@Nullable Void> run = oldest.run;
      if (run == null) {
        oldest.lane.run(batch);
      } else {
        await(run);
      }
      oldest.lane.answer(batch);
    } finally {
      oldest.lane.release();
    }
  }

  /** An interrupt meanwhile is seen afterwards: until then the engine reads the batch's memory. */
  private static void await(Future<@Nullable Void> run) throws BackendException {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          run.get();
          return;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } catch (ExecutionException e) {
      throw failure(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static BackendException failure(ExecutionException e) {
    Throwable cause = e.getCause();
    if (cause instanceof BackendException failure) {
      return failure;
    }
    if (cause instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    if (cause instanceof Error error) {
      throw error;
    }
    throw new IllegalStateException(e);
  }

  @Override
  public Optional<String> fault() {
    return lanes.stream().map(BatchLane::fault).flatMap(Optional::stream).findFirst();
  }

  /** Waits for what runs; a batch that was begun and not completed is let go of. */
  @Override
  public void close() {
    ExecutorService executor = runner;
    if (executor != null) {
      executor.shutdown();
      awaitEnd(executor);
    }
    try {
      begun.forEach(batch -> batch.lane.release());
      begun.clear();
      lanes.forEach(BatchLane::close);
    } finally {
      afterwards.run();
    }
  }

  private static void awaitEnd(ExecutorService executor) {
    boolean interrupted = false;
    boolean ended = false;
    while (!ended) {
      try {
        ended = executor.awaitTermination(1, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
