package dev.nereid.server.scheduling;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The way of answers out of a model: at once, or in the order in which the requests were queued.
 * Thread-safe.
 *
 * <p>In order, a request has its slot from the moment it is queued, and an answer, or a failure,
 * stays in its slot until every slot before it is empty. One thread at a time empties slots, and it
 * tells observers without holding the lock: a thread that finds another one at it leaves its answer
 * and goes.
 */
final class Answers {

  private final boolean inOrder;
  private final Object lock = new Object();

  @GuardedBy("lock")
  private final ArrayDeque<QueuedRequest> slots = new ArrayDeque<>();

  @GuardedBy("lock")
  private boolean emptying;

  Answers(boolean inOrder) {
    this.inOrder = inOrder;
  }

  /** Makes the slot of a request; the scheduler's lock makes the order that of the queue. */
  void expect(QueuedRequest request) {
    if (inOrder) {
      synchronized (lock) {
        slots.addLast(request);
      }
    }
  }

  /** Sends out a request's answer or failure, now or when its turn comes. */
  void send(QueuedRequest request) {
    if (!inOrder) {
      request.tellObserver();
      return;
    }
    synchronized (lock) {
      request.markDone();
      if (emptying) {
        return;
      }
      emptying = true;
    }
    @Nullable QueuedRequest next = nextInTurn();
    while (next != null) {
      next.tellObserver();
      next = nextInTurn();
    }
  }

  private @Nullable QueuedRequest nextInTurn() {
    synchronized (lock) {
      @Nullable QueuedRequest first = slots.peekFirst();
      if (first != null && first.isDone()) {
        return slots.removeFirst();
      }
      emptying = false;
      return null;
    }
  }
}
