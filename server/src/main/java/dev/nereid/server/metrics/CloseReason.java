package dev.nereid.server.metrics;

/** Why a batch left the queue with the rows it had, and neither fewer nor more. */
public enum CloseReason {
  /** It has as many rows as the model takes, or the next request would have been too many. */
  FULL,
  /** It has a preferred number of rows, or the next request would lead past the largest of them. */
  PREFERRED,
  /** Its oldest request had waited for the whole queue delay. */
  DELAY,
  /** No queue delay is configured and an instance was idle. */
  NO_DELAY,
  /** The next request has other inputs, types or shapes. */
  SHAPE,
  /** The scheduler is stopping, so nothing waits for company. */
  STOPPING,
  /** The model's requests never share a batch. */
  UNBATCHED
}
