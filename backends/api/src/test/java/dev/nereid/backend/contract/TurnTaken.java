package dev.nereid.backend.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.backend.AutotuneTurn;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/** As while another backend chooses kernels. */
public final class TurnTaken {

  private TurnTaken() {}

  /**
   * Has work begin while the turn is taken, sees it wait, and lets it go on.
   *
   * @return what the work does
   */
  public static <T> T waitsForIt(Callable<T> work) throws Exception {
    FutureTask<T> waiting = new FutureTask<>(work);
    Thread thread = new Thread(waiting, "waits for its turn");
    thread.setDaemon(true);
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    AutotuneTurn.take();
    try {
      thread.start();
      while (!AutotuneTurn.isWaitedFor()) {
        if (waiting.isDone()) {
          throw new AssertionError("took no turn, and gave " + waiting.get());
        }
        assertThat(System.nanoTime() - end).as("waits for something else").isNegative();
        Thread.sleep(1);
      }
    } finally {
      AutotuneTurn.giveBack();
    }
    return waiting.get(1, TimeUnit.MINUTES);
  }
}
