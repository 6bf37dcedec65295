package dev.nereid.server.scheduling;

import dev.nereid.server.metrics.CloseReason;

/** What an idle instance is to do. */
sealed interface Decision {

  /** The queue is empty. */
  Decision NOTHING = new Nothing();

  /**
   * Run the first requests of the queue as one batch.
   *
   * @param requests how many; at least 1
   * @param rows theirs together
   * @param reason why not more, or why not to wait for more
   */
  record Take(int requests, int rows, CloseReason reason) implements Decision {}

  /** Wait: a better batch may come. If nothing comes until that instant, run what there is. */
  record WaitUntil(long nanos) implements Decision {}

  /** Wait for a request. */
  record Nothing() implements Decision {}
}
