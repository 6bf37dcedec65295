package dev.nereid.server.config;

/**
 * How long requests of one priority may wait and how many may, as config.pbtxt's {@code
 * ModelQueuePolicy} says.
 *
 * @param defaultTimeoutMicros 0 for none
 * @param allowTimeoutOverride whether a request's own {@code timeout} counts: only where it is
 *     positive and smaller than the default
 * @param maxQueueSize requests, live and delayed; 0 for no bound
 */
public record QueuePolicy(
    TimeoutAction timeoutAction,
    long defaultTimeoutMicros,
    boolean allowTimeoutOverride,
    int maxQueueSize) {

  /** Waits for ever, in any number. */
  public static final QueuePolicy UNBOUNDED = new QueuePolicy(TimeoutAction.REJECT, 0, false, 0);

  /** What becomes of a request that has waited too long. */
  public enum TimeoutAction {
    /** It fails. */
    REJECT,
    /** It is served after every live one of its priority. */
    DELAY
  }
}
