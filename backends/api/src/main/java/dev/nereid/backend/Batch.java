package dev.nereid.backend;

import dev.nereid.tensor.DataType;
import java.nio.ByteBuffer;

/**
 * Requests to be run together, as one {@link ModelInstance#execute} sees them. All their inputs
 * have the same names, types and shapes but for the batch dimension.
 *
 * <ul>
 *   <li>Every buffer is direct and little-endian, with position 0 and the limit at its last byte.
 *   <li>The server owns every buffer; none may be kept after {@code execute}, or {@code complete},
 *       has returned.
 *   <li>Not thread-safe: the instance's thread, or one that an instance has run a batch for it and
 *       waits for.
 * </ul>
 */
public interface Batch {

  /** Requests in it; at least 1. */
  int size();

  /** Rows of all requests together: the batch dimension. Equal to {@link #size} without one. */
  int rows();

  /** The i-th request. */
  BatchEntry entry(int i);

  /**
   * One input of all entries, end to end: the request's own memory where the batch has one entry, a
   * pooled copy otherwise. Asking again gives the same memory.
   *
   * @throws IllegalArgumentException if no request has an input of that name
   */
  ByteBuffer input(String name);

  /** Writes one input of all entries end to end into the backend's own memory. */
  void copyInput(String name, ByteBuffer destination);

  /** Shape of {@link #input}: the entries' with their rows added up. */
  long[] inputShape(String name);

  /**
   * Memory for one output of all entries, rows end to end in the order of the entries; the server
   * cuts it apart without a copy. Contents are not defined until written. Of a fixed-size type;
   * strings, whose rows differ in size, go to each entry's own {@link BatchEntry#output}.
   *
   * @param shape full, its first dimension {@link #rows} where the model batches
   * @param byteSize elements times the size of one
   */
  ByteBuffer output(String name, DataType type, long[] shape, long byteSize);

  /** Answers every entry's output with the memory of its own input, without a copy. */
  void outputFromInput(String outputName, String inputName);

  /** Whether any entry asked for that output. */
  boolean wantsOutput(String name);

  /** Inputs are in place: what follows is compute_infer. */
  void inferStarts();

  /** Results are there: what follows is compute_output. */
  void inferEnds();
}
