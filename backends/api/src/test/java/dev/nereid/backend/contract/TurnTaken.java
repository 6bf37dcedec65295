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
    AutotuneTurn.take();
    try {
      thread.start();
      while (!AutotuneTurn.isWaitedFor()) {
        assertThat(waiting).as("work that takes no turn").isNotDone();
        Thread.sleep(1);
      }
    } finally {
      AutotuneTurn.giveBack();
    }
    return waiting.get(1, TimeUnit.MINUTES);
  }
}
