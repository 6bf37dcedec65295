package dev.nereid.backend;

import java.util.Optional;

/**
 * Runs batches on the one thread that the server gives it: it is never called from two threads at
 * once.
 *
 * <p>Most instances run one batch at a time, by {@link #execute} alone. One that drives a device
 * may say a {@link #depth} of two or more, and is then given the next batch while the device still
 * computes the one before: {@link #start} begins a batch, {@link #complete} waits for the oldest
 * that was begun.
 */
public interface ModelInstance extends AutoCloseable {

  /**
   * Runs a batch: reads its inputs, computes, and writes an output for every entry that asked for
   * it and was not failed. When this returns, the server answers every entry; nothing of the batch
   * may be touched afterwards.
   *
   * @throws BackendException if the batch cannot be run: every entry that was not failed before is
   *     answered with the message
   */
  void execute(Batch batch) throws BackendException;

  /** Batches that may be begun and not completed at one time; 1 where {@link #execute} is used. */
  default int depth() {
    return 1;
  }

  /**
   * Begins a batch and need not wait for it: its memory is the instance's until {@link #complete}
   * has returned for it. Called with fewer than {@link #depth} begun.
   *
   * @throws BackendException if the batch cannot be run; it was not begun then, and {@code
   *     complete} is not called for it
   */
  default void start(Batch batch) throws BackendException {
    execute(batch);
  }

  /**
   * Waits until a batch has run and its outputs are written; what was said of {@link #execute}
   * holds from here on. Batches are completed in the order in which they were begun.
   *
   * @throws BackendException if it failed on the device; its memory is free to be used again all
   *     the same
   */
  default void complete(Batch batch) throws BackendException {}

  /**
   * Whether it asks {@link BatchEntry#deviceInput} and {@link BatchEntry#deviceOutput} for tensors
   * in the memory of the GPU that it was made for. The server asks this once; where no instance of
   * a model on that GPU does, it brings what lies there to the host before a request is queued.
   */
  default boolean usesDeviceMemory() {
    return false;
  }

  /** Why this instance can never run again, such as a lost device; empty while it can. */
  default Optional<String> fault() {
    return Optional.empty();
  }

  @Override
  void close();
}
