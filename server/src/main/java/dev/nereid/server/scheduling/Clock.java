package dev.nereid.server.scheduling;

/**
 * The time that scheduling lives by, and its way to be called back. Tests turn one by hand.
 *
 * @see SystemClock
 */
public interface Clock {

  /** Now, on the clock of {@link System#nanoTime} where it is the real one. */
  long nanoTime();

  /**
   * Calls {@code task} once that instant has come, on a thread of the clock's own. The task must
   * not block. Instants are compared as {@link System#nanoTime}'s, by difference.
   */
  Alarm at(long nanos, Runnable task);

  /** A call to come. */
  interface Alarm {

    /** The call does not come, unless it is on its way. Costs no more than O(log alarms). */
    void cancel();
  }
}
