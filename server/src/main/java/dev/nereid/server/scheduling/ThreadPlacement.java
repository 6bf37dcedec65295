package dev.nereid.server.scheduling;

/** Puts threads onto the cores that a host policy says. Thread-safe. */
public interface ThreadPlacement {

  /** Threads run where they run. */
  ThreadPlacement ANYWHERE = policy -> () -> {};

  /**
   * Puts the calling thread, and those that it starts from now on, where a policy says.
   *
   * @return puts it back to where it was, on the same thread
   * @throws IllegalStateException if the system refuses
   */
  Runnable place(String hostPolicy);
}
