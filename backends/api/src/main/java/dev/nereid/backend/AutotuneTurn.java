package dev.nereid.backend;

import java.util.concurrent.locks.ReentrantLock;

/**
 * The turn to choose kernels by how long they take on a GPU, as TensorRT's builders and cuDNN's
 * searches do. Whoever has that done while a model is loaded takes it first: side by side they
 * would measure each other, and builds by TensorRT 8.6 have waited for ever that ran beside others
 * in one process ({@code docs/gpu.md}). Engines that are known to be kept can be loaded without it.
 *
 * <p>There is one for the process, with all its backends and GPUs. On GPUs that are alike, who
 * comes second finds the engines of the first; first runs are done on each, one after another.
 *
 * <p>A thread that has it may take it once more.
 */
public final class AutotuneTurn {

  private static final ReentrantLock TURN = new ReentrantLock(true);

  private AutotuneTurn() {}

  /** Waits until no other thread has it; they get it in the order in which they came. */
  public static void take() {
    TURN.lock();
  }

  /** To be called once for each {@link #take}, by its thread. */
  public static void giveBack() {
    TURN.unlock();
  }

  /** Whether a thread waits for it. */
  public static boolean isWaitedFor() {
    return TURN.hasQueuedThreads();
  }
}
