package dev.nereid.server.scheduling;

import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.InferenceRequest;
import dev.nereid.server.inference.InferenceResponse;
import dev.nereid.server.inference.Tensor;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A request and its place in its model's queue: the node of the two structures that hold it, so
 * that it leaves both without a search. One object a request.
 *
 * <p>Guarded by its scheduler's lock until it has left the queue; from then on it belongs to the
 * one thread that took it out.
 */
final class QueuedRequest implements Waiting, Scheduler.Cancellation {

  private static final Logger log = LoggerFactory.getLogger(QueuedRequest.class);

  private final ModelScheduler scheduler;
  final InferenceRequest request;
  private final long enqueuedNanos;

  // RequestQueue's.
  @Nullable PriorityLevel level;
  long expiresNanos;

  // RequestList's.
  @Nullable RequestList list;
  @Nullable QueuedRequest previous;
  @Nullable QueuedRequest next;

  // ExpiryHeap's.
  int heapIndex = ExpiryHeap.ABSENT;

  // Answers', under its lock.
  private boolean done;

  private @Nullable InferenceResponse response;
  private @Nullable InferenceException failure;

  QueuedRequest(ModelScheduler scheduler, InferenceRequest request, long enqueuedNanos) {
    this.scheduler = scheduler;
    this.request = request;
    this.enqueuedNanos = enqueuedNanos;
  }

  @Override
  public int rows() {
    return Math.max(1, request.rows());
  }

  @Override
  public long enqueuedNanos() {
    return enqueuedNanos;
  }

  @Override
  public List<Tensor> inputs() {
    return request.inputs();
  }

  @Override
  public void cancel() {
    scheduler.cancel(this);
  }

  void answer(InferenceResponse answer) {
    response = answer;
  }

  void markDone() {
    done = true;
  }

  boolean isDone() {
    return done;
  }

  boolean isAnswered() {
    return response != null;
  }

  void fail(InferenceException reason) {
    failure = reason;
  }

  /** Whether there is something to tell the observer. */
  boolean hasOutcome() {
    return response != null || failure != null;
  }

  /**
   * Hands the answer, or the failure, to the client's observer. Called once. Throws nothing: what
   * is wrong with one observer must keep no other from being told.
   */
  void tellObserver() {
    try {
      if (response != null) {
        request.observer().completed(response);
      } else {
        request.observer().failed(Objects.requireNonNull(failure, "neither answered nor failed"));
      }
    } catch (RuntimeException | Error observerBroke) {
      log.error(
          "The observer of request '{}' threw; its client may wait", request.id(), observerBroke);
    }
  }
}
