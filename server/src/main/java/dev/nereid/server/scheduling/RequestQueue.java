package dev.nereid.server.scheduling;

import dev.nereid.server.config.BatchingConfig;
import dev.nereid.server.config.QueuePolicy;
import dev.nereid.server.config.QueuePolicy.TimeoutAction;
import dev.nereid.server.inference.InferenceRequest;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one model version that wait, in the order of service: priority by priority, in
 * each first those in time, then those that a DELAY policy put back, each first come first served.
 * Not thread-safe: guarded by the scheduler's lock.
 *
 * <p>A request expires when its policy's timeout passes or its client's deadline does, whichever is
 * sooner; a DELAY policy acts once, after which only the deadline is left.
 */
final class RequestQueue implements Iterable<QueuedRequest> {

  /** Longer timeouts than a century are none: they would not fit a clock in nanoseconds. */
  private static final long LONGEST_TIMEOUT_MICROS = TimeUnit.DAYS.toMicros(36_500);

  private final BatchingConfig config;

  /** Ascending, unsigned; those with a request in them, and the default one. */
  private final ArrayList<PriorityLevel> levels = new ArrayList<>(1);

  private final long defaultLevel;
  private final ExpiryHeap expiries = new ExpiryHeap();
  private int size;

  RequestQueue(BatchingConfig config) {
    this.config = config;
    defaultLevel = hasLevels() ? config.defaultPriorityLevel() : 0;
    levels.add(new PriorityLevel(defaultLevel, policyOf(defaultLevel)));
  }

  int size() {
    return size;
  }

  /** Puts one at the end of its priority, or returns false where that is full. */
  boolean add(QueuedRequest queued) {
    InferenceRequest request = queued.request;
    PriorityLevel level = levelOf(request.priority());
    if (level.isFull()) {
      return false;
    }
    queued.level = level;
    level.live.addLast(queued);
    size++;
    long timeoutMicros = level.timeoutMicros(request.timeoutMicros());
    boolean hasTimeout = timeoutMicros > 0 && timeoutMicros <= LONGEST_TIMEOUT_MICROS;
    boolean hasDeadline = request.deadlineNanos() != InferenceRequest.NO_DEADLINE;
    if (hasTimeout) {
      queued.expiresNanos = queued.enqueuedNanos() + TimeUnit.MICROSECONDS.toNanos(timeoutMicros);
    }
    if (hasDeadline && (!hasTimeout || request.deadlineNanos() - queued.expiresNanos < 0)) {
      queued.expiresNanos = request.deadlineNanos();
    }
    if (hasTimeout || hasDeadline) {
      expiries.add(queued);
    }
    return true;
  }

  /** Whether it still waits here. */
  boolean contains(QueuedRequest queued) {
    return queued.list != null;
  }

  /** Takes out one that waits here. */
  void remove(QueuedRequest queued) {
    expiries.remove(queued);
    Objects.requireNonNull(queued.list).remove(queued);
    size--;
    PriorityLevel level = Objects.requireNonNull(queued.level);
    if (level.size() == 0 && level.level != defaultLevel) {
      levels.remove(indexOf(level.level));
    }
  }

  /** Takes out the first of the order of service. */
  QueuedRequest removeFirst() {
    QueuedRequest first = iterator().next();
    remove(first);
    return first;
  }

  /** When {@link #nextExpired} has something next; meaningful only if {@link #hasExpiries}. */
  long nextExpiryNanos() {
    @Nullable QueuedRequest first = expiries.first();
    return first == null ? 0 : first.expiresNanos;
  }

  /** Whether any request here expires. */
  boolean hasExpiries() {
    return expiries.first() != null;
  }

  /**
   * Takes out one request that has expired, or returns null when no more has. Requests that a DELAY
   * policy puts back are put back on the way.
   */
  @Nullable QueuedRequest nextExpired(long nowNanos) {
    while (true) {
      @Nullable QueuedRequest first = expiries.first();
      if (first == null || nowNanos - first.expiresNanos < 0) {
        return null;
      }
      PriorityLevel level = Objects.requireNonNull(first.level);
      if (isPastDeadline(first, nowNanos) || level.policy.timeoutAction() == TimeoutAction.REJECT) {
        remove(first);
        return first;
      }
      expiries.remove(first);
      level.live.remove(first);
      level.delayed.addLast(first);
      long deadlineNanos = first.request.deadlineNanos();
      if (deadlineNanos != InferenceRequest.NO_DEADLINE) {
        first.expiresNanos = deadlineNanos;
        expiries.add(first);
      }
    }
  }

  /** Whether its client's deadline has passed. */
  static boolean isPastDeadline(QueuedRequest queued, long nowNanos) {
    long deadlineNanos = queued.request.deadlineNanos();
    return deadlineNanos != InferenceRequest.NO_DEADLINE && nowNanos - deadlineNanos >= 0;
  }

  /** Age of the one that was queued first; 0 where there is none. Looks at every delayed one. */
  long oldestAgeNanos(long nowNanos) {
    long oldestAgeNanos = 0;
    for (PriorityLevel level : levels) {
      @Nullable QueuedRequest inTime = level.live.first();
      if (inTime != null) {
        oldestAgeNanos = Math.max(oldestAgeNanos, nowNanos - inTime.enqueuedNanos());
      }
      for (@Nullable QueuedRequest late = level.delayed.first(); late != null; late = late.next) {
        oldestAgeNanos = Math.max(oldestAgeNanos, nowNanos - late.enqueuedNanos());
      }
    }
    return oldestAgeNanos;
  }

  /** In the order of service; the queue must not change meanwhile. */
  @Override
  public Iterator<QueuedRequest> iterator() {
    return new ServiceOrder(levels);
  }

  private boolean hasLevels() {
    return config.dynamic() && config.priorityLevels() != 0;
  }

  private PriorityLevel levelOf(long requestPriority) {
    long wanted = defaultLevel;
    if (hasLevels()
        && requestPriority != 0
        && Long.compareUnsigned(requestPriority, config.priorityLevels()) <= 0) {
      wanted = requestPriority;
    }
    int index = indexOf(wanted);
    if (index >= 0) {
      return levels.get(index);
    }
    PriorityLevel level = new PriorityLevel(wanted, policyOf(wanted));
    levels.add(-index - 1, level);
    return level;
  }

  private QueuePolicy policyOf(long level) {
    if (!config.dynamic()) {
      return QueuePolicy.UNBOUNDED;
    }
    return config.priorityPolicies().getOrDefault(level, config.defaultQueuePolicy());
  }

  private int indexOf(long level) {
    int low = 0;
    int high = levels.size() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = Long.compareUnsigned(levels.get(middle).level, level);
      if (order == 0) {
        return middle;
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -low - 1;
  }

  /** Walks from priority to priority. */
  private static final class ServiceOrder implements Iterator<QueuedRequest> {

    private final List<PriorityLevel> levels;
    private int levelIndex;
    private @Nullable QueuedRequest next;

    ServiceOrder(List<PriorityLevel> levels) {
      this.levels = levels;
      next = levels.get(0).first();
      skipEmptyLevels();
    }

    @Override
    public boolean hasNext() {
      return next != null;
    }

    @Override
    public QueuedRequest next() {
      @Nullable QueuedRequest result = next;
      if (result == null) {
        throw new NoSuchElementException();
      }
      next = levels.get(levelIndex).after(result);
      skipEmptyLevels();
      return result;
    }

    private void skipEmptyLevels() {
      while (next == null && levelIndex + 1 < levels.size()) {
        next = levels.get(++levelIndex).first();
      }
    }
  }
}
