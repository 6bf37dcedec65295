package dev.nereid.backend;

import java.util.Optional;

/**
 * The way of a batch through an engine whose run blocks its thread, in the steps that a {@link
 * LanedInstance} takes apart. Holds one batch at a time, and is used by one thread at a time, which
 * need not be the same for {@link #run}; {@link #fault} may be asked meanwhile.
 */
public interface BatchLane extends AutoCloseable {

  /**
   * Makes a batch's inputs the engine's.
   *
   * @return whether anything is left to compute; neither {@link #run} nor {@link #answer} is called
   *     otherwise
   */
  boolean feed(Batch batch) throws BackendException;

  /** Computes, and says when to the batch; touches nothing else of it. */
  void run(Batch batch) throws BackendException;

  /** Makes what was computed the batch's outputs. */
  void answer(Batch batch) throws BackendException;

  /** Lets go of the batch, whichever step was its last. */
  void release();

  /** As of {@link ModelInstance#fault}. */
  Optional<String> fault();

  @Override
  void close();
}
