package dev.nereid.backend;

import java.util.Optional;

/**
 * Runs one batch at a time, on the one thread that the server gives it: it is never called from two
 * threads at once.
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

  /** Why this instance can never run again, such as a lost device; empty while it can. */
  default Optional<String> fault() {
    return Optional.empty();
  }

  @Override
  void close();
}
