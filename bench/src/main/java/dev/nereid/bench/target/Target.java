package dev.nereid.bench.target;

import java.util.Optional;

/**
 * One model of one server, ready to be sent prepared requests.
 *
 * <ul>
 *   <li>{@link #send} never blocks on the answer, may be called by several threads, and answers
 *       each request exactly once, on a thread of the target's.
 *   <li>The other methods block and are called only while no load runs.
 * </ul>
 */
public interface Target extends AutoCloseable {

  /** The server and the model, asked once when the target was made. */
  TargetDescription description();

  /**
   * Sends the next prepared request.
   *
   * @param sequence 0, 1, 2, …: which of several prepared requests is due (they rotate)
   * @param listener told once about the outcome, possibly before this returns
   */
  void send(long sequence, ResponseListener listener);

  /**
   * The model's counters since the server started.
   *
   * @return empty where the server does not keep them
   * @throws TargetException if the server cannot be reached
   */
  Optional<StatisticsSnapshot> statistics() throws TargetException;

  @Override
  void close();
}
