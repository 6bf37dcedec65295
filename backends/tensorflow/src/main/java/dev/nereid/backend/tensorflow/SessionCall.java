package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.jspecify.annotations.Nullable;
import org.tensorflow.internal.c_api.TF_Buffer;
import org.tensorflow.internal.c_api.TF_Operation;
import org.tensorflow.internal.c_api.TF_Output;
import org.tensorflow.internal.c_api.TF_Session;
import org.tensorflow.internal.c_api.TF_Tensor;
import org.tensorflow.internal.c_api.global.tensorflow;

/**
 * One run of a session with its C arrays: what is fed, fetched and run. Made once, run any number
 * of times by one thread. TensorFlow prepares a session anew for every set of names that it is run
 * with, so a caller who minds runs all with the same.
 */
final class SessionCall implements AutoCloseable {

  private final TF_Session session;
  private final int feedCount;
  private final int fetchCapacity;
  private final TF_Output feeds;
  private final PointerPointer<TF_Tensor> feedTensors;
  private final TF_Output fetches;
  private final PointerPointer<TF_Tensor> fetchTensors;
  private final @Nullable PointerPointer<TF_Operation> targets;
  private final TfStatus status = new TfStatus();
  private int fetchCount;

  /** A tensor of the graph. */
  record Endpoint(TF_Operation operation, int index) {}

  /**
   * @param fed in the order of {@link #feed}
   * @param fetchCapacity most outputs of a run
   * @param target an operation to run for what it does, or null
   */
  SessionCall(
      TF_Session session, List<Endpoint> fed, int fetchCapacity, @Nullable TF_Operation target) {
    this.session = session;
    this.feedCount = fed.size();
    this.fetchCapacity = fetchCapacity;
    this.feeds = new TF_Output(Math.max(1, feedCount));
    this.feedTensors = new PointerPointer<>(Math.max(1, feedCount));
    this.fetches = new TF_Output(Math.max(1, fetchCapacity));
    this.fetchTensors = new PointerPointer<>(Math.max(1, fetchCapacity));
    this.targets = target == null ? null : new PointerPointer<TF_Operation>(1).put(0, target);
    for (int i = 0; i < feedCount; i++) {
      set(feeds, i, fed.get(i));
    }
  }

  private static void set(TF_Output array, int i, Endpoint endpoint) {
    array.position(i).oper(endpoint.operation()).index(endpoint.index());
    array.position(0);
  }

  /** The tensor of an input in the next run; stays the caller's. */
  void feed(int i, TF_Tensor tensor) {
    feedTensors.put(i, tensor);
  }

  /** Asks for no output any more. */
  void clearFetches() {
    fetchCount = 0;
  }

  /** Asks for one more output in the next runs. */
  void fetch(Endpoint endpoint) {
    if (fetchCount == fetchCapacity) {
      throw new IllegalStateException("fetches: more than " + fetchCapacity);
    }
    set(fetches, fetchCount, endpoint);
    fetchTensors.put(fetchCount, (Pointer) null);
    fetchCount++;
  }

  /** Runs, and leaves each output in {@link #result}, for {@code TF_DeleteTensor}. */
  void run() throws BackendException {
    run(null, null, "");
  }

  /**
   * The same with options, and with what TensorFlow says of the run.
   *
   * @param options a serialised {@code RunOptions}
   * @param metadata an empty buffer
   * @param what comes before TensorFlow's own words in an error
   */
  void run(@Nullable TF_Buffer options, @Nullable TF_Buffer metadata, String what)
      throws BackendException {
    for (int i = 0; i < fetchCount; i++) {
      fetchTensors.put(i, (Pointer) null);
    }
    tensorflow.TF_SessionRun(
        session,
        options,
        feeds,
        feedTensors,
        feedCount,
        fetches,
        fetchTensors,
        fetchCount,
        targets,
        targets == null ? 0 : 1,
        metadata,
        status.handle());
    try {
      status.check(what);
    } catch (BackendException e) {
      deleteResults();
      throw e;
    }
  }

  /** An output of the last run that went well. */
  TF_Tensor result(int i) {
    return fetchTensors.get(TF_Tensor.class, i);
  }

  /** Deletes what the last run left, all of it. */
  void deleteResults() {
    for (int i = 0; i < fetchCount; i++) {
      TF_Tensor tensor = fetchTensors.get(TF_Tensor.class, i);
      if (tensor != null && !tensor.isNull()) {
        tensorflow.TF_DeleteTensor(tensor);
        fetchTensors.put(i, (Pointer) null);
      }
    }
  }

  @Override
  public void close() {
    feeds.close();
    feedTensors.close();
    fetches.close();
    fetchTensors.close();
    if (targets != null) {
      targets.close();
    }
    status.close();
  }
}
