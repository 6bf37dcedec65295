package dev.nereid.server.backend;

import java.time.Duration;

/** Spends time. */
@FunctionalInterface
public interface Pause {

  /** Returns when that much time has passed. Blocks. */
  void spend(Duration duration) throws InterruptedException;
}
