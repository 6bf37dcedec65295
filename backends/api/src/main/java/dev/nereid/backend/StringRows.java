package dev.nereid.backend;

import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import java.nio.ByteBuffer;
import java.util.BitSet;

/**
 * Strings of a batch: gathered from its requests, and scattered to them, since their sizes differ.
 *
 * <p>A request whose strings are malformed fails alone, and the engine sees nothing of it; its rows
 * keep their places, so that the other requests keep theirs, and nobody is given them. Belongs to
 * one instance, for one batch at a time.
 */
public final class StringRows {

  private final BitSet failed = new BitSet();

  /** Puts strings into an engine's tensor. */
  @FunctionalInterface
  public interface Writer {
    /**
     * @param first element of the tensor
     * @param input of one request, whose elements are well-formed: {@link BytesElements#walk}
     * @param count of its elements
     */
    void write(long first, InputTensor input, long count) throws BackendException;
  }

  /** Takes strings from an engine's tensor, as they go over the wire. */
  public interface Reader {
    /** Bytes that elements {@code from} to {@code to}, exclusive, take. */
    long encodedBytes(int from, int to);

    /** Writes them, each behind its length; the destination is little-endian. */
    void encode(int from, int to, ByteBuffer destination);
  }

  /**
   * Writes an input of every request that has not failed.
   *
   * @throws BackendException if a request has no such input, or the engine takes no strings
   */
  public void gather(String name, Batch batch, Writer writer) throws BackendException {
    long first = 0;
    for (int i = 0; i < batch.size(); i++) {
      BatchEntry entry = batch.entry(i);
      InputTensor input = entry.input(name);
      if (input == null) {
        throw new BackendException("input '" + name + "' is missing in request " + entry.id());
      }
      long count = Shapes.elementCount(input.shape());
      if (!failed.get(i) && isSound(input, count, entry, i)) {
        writer.write(first, input, count);
      }
      first += count;
    }
  }

  private boolean isSound(InputTensor input, long count, BatchEntry entry, int i) {
    try {
      BytesElements.walk(input.name(), input.data(), count, (index, offset, length) -> {});
      return true;
    } catch (BackendException e) {
      failed.set(i);
      entry.fail(e);
      return false;
    }
  }

  /** Whether any request of the batch was not failed. */
  public boolean anyLeft(Batch batch) {
    return failed.cardinality() < batch.size();
  }

  /**
   * Gives every request that wants it its own rows of an output.
   *
   * @param shape of the whole output
   */
  public void scatter(String name, long[] shape, Batch batch, Reader reader) {
    int count = Math.toIntExact(Shapes.elementCount(shape));
    int perRow = count / Math.max(1, batch.rows());
    int from = 0;
    for (int i = 0; i < batch.size(); i++) {
      BatchEntry entry = batch.entry(i);
      // A model without a batch dimension has one request a batch, which gets all there is.
      int to = i == batch.size() - 1 ? count : from + perRow * entry.rows();
      if (entry.wantsOutput(name) && !failed.get(i)) {
        long[] own = shape.clone();
        if (batch.size() > 1) {
          own[0] = entry.rows();
        }
        long byteSize = reader.encodedBytes(from, to);
        reader.encode(from, to, entry.output(name, DataType.BYTES, own, byteSize));
      }
      from = to;
    }
  }

  /** Forgets the batch. */
  public void clear() {
    failed.clear();
  }
}
