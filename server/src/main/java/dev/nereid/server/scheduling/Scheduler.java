package dev.nereid.server.scheduling;

import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.InferenceRequest;

/**
 * Takes the requests of one model version and sees to it that each is answered once. Thread-safe;
 * nothing here blocks but {@link #close}.
 */
public interface Scheduler extends AutoCloseable {

  /**
   * Queues a request. From here on the scheduler owns it: it releases its inputs and calls its
   * observer exactly once, unless this throws.
   *
   * @return the way to cancel it
   * @throws InferenceException if it is refused at once (queue full, stopping); the caller still
   *     owns it then, and tells its client
   */
  Cancellation enqueue(InferenceRequest request) throws InferenceException;

  /** Requests that wait. */
  int queuedRequests();

  /** Requests that wait or run. */
  int pendingRequests();

  /** Refuses what comes from now on; what is queued or runs is finished. Does not wait. */
  void stopAccepting();

  /**
   * Stops accepting, and fails every request that waits with the text of a stopping server. What
   * runs is finished. For a server whose time to exit has come.
   *
   * @return how many waited
   */
  int failQueued();

  /** Stops accepting, lets what is queued or runs finish, and ends the instance threads. Blocks. */
  @Override
  void close();

  /** Withdraws a request. */
  interface Cancellation {

    /**
     * Fails the request with CANCELLED if it still waits in the queue; one that runs is finished,
     * its answer is thrown away by its observer. Does nothing the second time.
     */
    void cancel();
  }
}
