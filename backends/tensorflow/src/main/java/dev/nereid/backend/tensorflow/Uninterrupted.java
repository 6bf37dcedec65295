package dev.nereid.backend.tensorflow;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/** Waits for what cannot be left half done. */
final class Uninterrupted {

  private Uninterrupted() {}

  /** An interrupt meanwhile is seen by the caller afterwards. */
  static <T> T get(Future<T> future) throws ExecutionException {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return future.get();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
