package dev.nereid.server.endpoint.grpc;

import dev.nereid.server.backend.Pause;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Holds the batches of identity models that have a delay until the test lets them go. */
final class Hold implements Pause {

  private static final long PATIENCE_SECONDS = 30;

  /** Between two looks at a state that tells nobody when it changes. */
  private static final long POLL_NANOS = 100_000;

  private final Semaphore entered = new Semaphore(0);
  private final Semaphore released = new Semaphore(0);

  @Override
  public void spend(Duration duration) throws InterruptedException {
    entered.release();
    released.acquire();
  }

  /** Waits until one more batch is held. */
  void awaitBatch() throws InterruptedException {
    if (!entered.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("no batch came");
    }
  }

  /** Lets all batches go, those to come too. */
  void release() {
    released.release(1 << 20);
  }

  /** Waits for what another thread is about to do. */
  static void until(BooleanSupplier done) {
    long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!done.getAsBoolean()) {
      if (System.nanoTime() > giveUp) {
        throw new AssertionError("it did not happen");
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
  }
}
