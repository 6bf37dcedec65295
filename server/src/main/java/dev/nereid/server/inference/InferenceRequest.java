package dev.nereid.server.inference;

import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One validated request on its way to a model.
 *
 * <ul>
 *   <li>Its inputs' memory, and what it holds for its outputs, is released exactly once, by {@link
 *       #release}: by the scheduler when its batch has run or it has failed while it waited, by the
 *       endpoint when it was never queued.
 *   <li>Its {@link ResponseObserver} is called exactly once.
 *   <li>Immutable but for that release.
 * </ul>
 *
 * @see dev.nereid.server.inference.ResponseObserver
 */
public final class InferenceRequest {

  /** No deadline. */
  public static final long NO_DEADLINE = Long.MAX_VALUE;

  private final String id;
  private final List<Tensor> inputs;
  private final List<String> requestedOutputs;
  private final int rows;
  private final long priority;
  private final long timeoutMicros;
  private final long deadlineNanos;
  private final long receivedNanos;
  private final Map<String, Object> parameters;
  private final Map<String, DevicePart> places;
  private final ResponseObserver observer;
  private final AtomicBoolean released = new AtomicBoolean();

  /**
   * @param inputs in the model's order of inputs; their memory becomes the request's
   * @param requestedOutputs names the client asked for; empty for all
   * @param rows of the batch dimension; 1 without one
   * @param priority as the client gave it, unsigned; 0 for the model's default
   * @param timeoutMicros as the client gave it; 0 for the model's default
   * @param deadlineNanos on the clock of {@link System#nanoTime}, {@link #NO_DEADLINE} for none
   * @param receivedNanos when its last byte came, on the same clock
   * @param parameters the client's own, Boolean, Long, Double or String by name
   * @param places where outputs are wanted on GPUs, by output; they become the request's
   */
  public InferenceRequest(
      String id,
      List<Tensor> inputs,
      List<String> requestedOutputs,
      int rows,
      long priority,
      long timeoutMicros,
      long deadlineNanos,
      long receivedNanos,
      Map<String, Object> parameters,
      Map<String, DevicePart> places,
      ResponseObserver observer) {
    this.id = id;
    this.inputs = inputs;
    this.requestedOutputs = requestedOutputs;
    this.rows = rows;
    this.priority = priority;
    this.timeoutMicros = timeoutMicros;
    this.deadlineNanos = deadlineNanos;
    this.receivedNanos = receivedNanos;
    this.parameters = parameters;
    this.places = places;
    this.observer = observer;
  }

  public String id() {
    return id;
  }

  public List<Tensor> inputs() {
    return inputs;
  }

  public List<String> requestedOutputs() {
    return requestedOutputs;
  }

  public int rows() {
    return rows;
  }

  public long priority() {
    return priority;
  }

  public long timeoutMicros() {
    return timeoutMicros;
  }

  public long deadlineNanos() {
    return deadlineNanos;
  }

  public long receivedNanos() {
    return receivedNanos;
  }

  public Map<String, Object> parameters() {
    return parameters;
  }

  /** Where that output is wanted on a GPU, until {@link #release}; null elsewhere. */
  public @Nullable DevicePart place(String output) {
    return places.get(output);
  }

  public ResponseObserver observer() {
    return observer;
  }

  /**
   * {@code [request id: x] }, as Triton leads its texts; {@code <id_unknown>} where there is none.
   */
  public String logPrefix() {
    return logPrefix(id);
  }

  /** The same for an id. */
  public static String logPrefix(String id) {
    return "[request id: " + (id.isEmpty() ? "<id_unknown>" : id) + "] ";
  }

  /** Gives its memory back; the second call and later ones do nothing. */
  public void release() {
    if (released.compareAndSet(false, true)) {
      for (Tensor input : inputs) {
        input.data().release();
      }
      if (!places.isEmpty()) {
        places.values().forEach(DevicePart::release);
      }
    }
  }
}
