package dev.nereid.server.scheduling;

import dev.nereid.server.config.QueuePolicy;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one priority: those that are in time, and behind them those that were delayed.
 */
final class PriorityLevel {

  /** Unsigned; 1 is served first. */
  final long level;

  final QueuePolicy policy;
  final RequestList live = new RequestList();
  final RequestList delayed = new RequestList();

  PriorityLevel(long level, QueuePolicy policy) {
    this.level = level;
    this.policy = policy;
  }

  int size() {
    return live.size() + delayed.size();
  }

  boolean isFull() {
    return policy.maxQueueSize() != 0 && size() >= policy.maxQueueSize();
  }

  /** The one to be served first. */
  @Nullable QueuedRequest first() {
    @Nullable QueuedRequest inTime = live.first();
    return inTime != null ? inTime : delayed.first();
  }

  /** The one to be served after {@code request}, which is of this level. */
  @Nullable QueuedRequest after(QueuedRequest request) {
    if (request.next == null && request.list == live) {
      return delayed.first();
    }
    return request.next;
  }

  /**
   * How long a request may wait before the policy acts, in microseconds; 0 for ever. Its own
   * timeout counts only where the policy allows and it is shorter than the default; so where the
   * default is 0, a request's own never counts. That is Triton's rule.
   */
  long timeoutMicros(long requestTimeoutMicros) {
    long timeoutMicros = policy.defaultTimeoutMicros();
    if (policy.allowTimeoutOverride()
        && requestTimeoutMicros > 0
        && requestTimeoutMicros < timeoutMicros) {
      return requestTimeoutMicros;
    }
    return timeoutMicros;
  }
}
