package dev.nereid.server.metrics;

/** What a queue holds at this moment. Thread-safe. */
public interface QueueGauges {

  /** Requests that wait. */
  int queuedRequests();

  /** Age of the one that has waited longest; 0 where none waits. */
  long oldestQueuedAgeNanos();
}
