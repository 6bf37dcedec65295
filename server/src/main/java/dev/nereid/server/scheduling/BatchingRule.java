package dev.nereid.server.scheduling;

import dev.nereid.server.config.BatchingConfig;
import dev.nereid.server.inference.Tensor;
import dev.nereid.server.metrics.CloseReason;
import dev.nereid.server.scheduling.Decision.Take;
import dev.nereid.server.scheduling.Decision.WaitUntil;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The one rule of batching: is there a batch to run now, or until when is it worth waiting? A pure
 * function of the queue, the time and the model's configuration; its outcomes are those of Triton's
 * dynamic batcher.
 *
 * <p>It walks along the queue in the order of service and adds request after request until one does
 * not fit: its rows would exceed {@code max_batch_size}, or its inputs differ in name, type or
 * shape from the first one's (which outputs a client asked for does not matter). On the way it
 * remembers the <em>best</em> batch: the last point at which the rows were a preferred size, or,
 * where none was met, the point from which the next request would lead past the largest preferred
 * size. Without preferred sizes the maximum is the one that is preferred. Then, first match first:
 *
 * <ol>
 *   <li>the scheduler stops: run all that was walked over;
 *   <li>there is a best batch, and its oldest request has not waited for the whole delay: run it;
 *   <li>a request did not fit, or the largest preferred size is reached: run all that was walked
 *       over, since it cannot get better;
 *   <li>the oldest request has waited for the whole delay, or there is no delay: the same;
 *   <li>wait for the rest of the delay.
 * </ol>
 *
 * <p>So a delay that has passed lets a batch grow beyond the preferred sizes up to the maximum;
 * without a delay the largest preferred size that can be had is taken, and the rest runs next.
 * Requests are never split, and none overtakes another of its priority: a request of another shape
 * ends the batch before it, as in Triton.
 */
final class BatchingRule {

  private final boolean batching;
  private final int maxBatchSize;
  private final int largestPreferred;
  private final int[] preferred;
  private final long maxQueueDelayNanos;
  private final boolean eager;

  BatchingRule(BatchingConfig config) {
    batching = config.dynamic() && config.maxBatchSize() > 0;
    maxBatchSize = config.maxBatchSize();
    preferred =
        config.preferredBatchSizes().isEmpty()
            ? new int[] {maxBatchSize}
            : config.preferredBatchSizes().stream().mapToInt(Integer::intValue).sorted().toArray();
    largestPreferred = preferred[preferred.length - 1];
    maxQueueDelayNanos = config.maxQueueDelayNanos();
    eager = config.eagerBatching();
  }

  /**
   * @param queue in the order of service
   * @param nowNanos on the clock of {@link Waiting#enqueuedNanos}
   * @param stopping whether nothing more will come
   */
  Decision decide(Iterable<? extends Waiting> queue, long nowNanos, boolean stopping) {
    int requests = 0;
    int rows = 0;
    int bestRequests = 0;
    int bestRows = 0;
    long oldestNanos = 0;
    @Nullable Waiting first = null;
    @Nullable CloseReason misfit = null;
    for (Waiting next : queue) {
      if (first == null) {
        first = next;
        oldestNanos = next.enqueuedNanos();
      } else {
        long rowsWithNext = (long) rows + next.rows();
        if (rowsWithNext > largestPreferred && bestRequests == 0) {
          bestRequests = requests;
          bestRows = rows;
        }
        if (rowsWithNext > maxBatchSize) {
          misfit = CloseReason.FULL;
          break;
        }
        if (!sameButForRows(first.inputs(), next.inputs())) {
          misfit = CloseReason.SHAPE;
          break;
        }
      }
      requests++;
      rows += next.rows();
      oldestNanos = earlier(oldestNanos, next.enqueuedNanos());
      if (isPreferred(rows)) {
        bestRequests = requests;
        bestRows = rows;
      }
      if (!batching || rows >= maxBatchSize) {
        break;
      }
    }
    if (requests == 0) {
      return Decision.NOTHING;
    }
    if (!batching) {
      return new Take(requests, rows, CloseReason.UNBATCHED);
    }
    boolean delayIsOver = maxQueueDelayNanos > 0 && nowNanos - oldestNanos >= maxQueueDelayNanos;
    if (stopping) {
      return new Take(requests, rows, whyEnded(rows, misfit, CloseReason.STOPPING));
    }
    if (bestRequests > 0 && !delayIsOver) {
      @Nullable CloseReason ended = bestRequests == requests ? misfit : null;
      return new Take(bestRequests, bestRows, whyEnded(bestRows, ended, CloseReason.PREFERRED));
    }
    if (misfit != null || rows >= largestPreferred) {
      return new Take(requests, rows, whyEnded(rows, misfit, CloseReason.PREFERRED));
    }
    if (delayIsOver || maxQueueDelayNanos == 0) {
      CloseReason reason = delayIsOver ? CloseReason.DELAY : CloseReason.NO_DELAY;
      return new Take(requests, rows, reason);
    }
    return new WaitUntil(oldestNanos + maxQueueDelayNanos);
  }

  /**
   * Whether a batch may be taken by an instance whose device is still busy with the one before: one
   * that only more time would make larger is left to grow until the device is free.
   */
  boolean isWorthTakingAhead(Take take) {
    return switch (take.reason()) {
      case FULL, SHAPE, STOPPING, UNBATCHED -> true;
      case PREFERRED -> eager || take.rows() >= largestPreferred;
      case DELAY, NO_DELAY -> eager;
    };
  }

  private CloseReason whyEnded(int rows, @Nullable CloseReason misfit, CloseReason otherwise) {
    if (rows >= maxBatchSize) {
      return CloseReason.FULL;
    }
    if (isPreferred(rows) && otherwise == CloseReason.PREFERRED) {
      return CloseReason.PREFERRED;
    }
    return misfit == null ? otherwise : misfit;
  }

  private boolean isPreferred(int rows) {
    return Arrays.binarySearch(preferred, rows) >= 0;
  }

  private static long earlier(long a, long b) {
    return b - a < 0 ? b : a;
  }

  /** Whether two requests' inputs can lie end to end: equal but for the first dimension. */
  private static boolean sameButForRows(List<Tensor> some, List<Tensor> others) {
    if (some.size() != others.size()) {
      return false;
    }
    for (int i = 0; i < some.size(); i++) {
      Tensor a = some.get(i);
      Tensor b = others.get(i);
      long[] p = a.shape();
      long[] q = b.shape();
      if (a.type() != b.type()
          || p.length != q.length
          || !Arrays.equals(p, Math.min(1, p.length), p.length, q, Math.min(1, q.length), q.length)
          || !a.name().equals(b.name())) {
        return false;
      }
    }
    return true;
  }
}
