package dev.nereid.server.endpoint.grpc;

import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How much of the network's memory answers hold that their clients have not read yet. Without a
 * bound, one client that asks and does not read would take what every connection needs.
 *
 * <p>Thread-safe; nothing blocks.
 */
final class UnsentAnswers {

  private final long limitBytes;
  private final AtomicLong bytes = new AtomicLong();

  /**
   * @param limitBytes of all answers together; a single one may be larger
   */
  UnsentAnswers(long limitBytes) {
    this.limitBytes = limitBytes;
  }

  /**
   * Counts an answer that is about to be written.
   *
   * @throws InferenceException RESOURCE_EXHAUSTED if that would be too much; it is not counted then
   */
  void add(int answerBytes) throws InferenceException {
    long before = bytes.getAndAdd(answerBytes);
    if (before > 0 && before + answerBytes > limitBytes) {
      remove(answerBytes);
      throw new InferenceException(
          StatusCode.RESOURCE_EXHAUSTED,
          "answer: "
              + answerBytes
              + " bytes, beside "
              + before
              + " that clients have not read yet (expected: together at most "
              + limitBytes
              + ")");
    }
  }

  /** Its call has ended: the transport has taken it, or thrown it away. */
  void remove(int answerBytes) {
    bytes.addAndGet(-answerBytes);
  }
}
