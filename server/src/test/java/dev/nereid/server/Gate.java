package dev.nereid.server;

import dev.nereid.backend.BackendProvider;
import dev.nereid.server.backend.IdentityBackend;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;

/** An identity backend whose delays last until the test opens the gate. */
final class Gate {

  private final Semaphore entered = new Semaphore(0);
  private final CountDownLatch open = new CountDownLatch(1);

  /** The backend: whatever delays, waits here. */
  BackendProvider backend() {
    return IdentityBackend.provider(
        delay -> {
          entered.release();
          open.await();
        });
  }

  /** Waits until so many delays have begun. */
  void awaitEntered(int delays) throws InterruptedException {
    entered.acquire(delays);
  }

  /** Ends every delay, now and to come. */
  void open() {
    open.countDown();
  }
}
