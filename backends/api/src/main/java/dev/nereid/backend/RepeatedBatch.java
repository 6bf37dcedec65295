package dev.nereid.backend;

import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A batch without a server, for programs that run, measure or check a backend: its inputs are
 * filled and its outputs read where they lie, and a later run takes the same memory.
 *
 * <p>Not thread-safe. Every run of it must be complete when it is closed, which frees its memory.
 */
public final class RepeatedBatch implements Batch, AutoCloseable {

  private final int rows;
  private final int requests;
  private final Memory memory;
  private final Map<String, InputTensor> inputs = new HashMap<>();
  private final Map<String, ByteBuffer> outputs = new HashMap<>();
  private final Map<String, Written> written = new HashMap<>();
  private @Nullable BackendException failure;

  /** Where its tensors lie. */
  public interface Memory extends AutoCloseable {

    /** Direct buffers, which the garbage collector frees. */
    Memory DIRECT =
        new Memory() {
          @Override
          public ByteBuffer allocate(int byteSize) {
            return ByteBuffer.allocateDirect(byteSize);
          }

          @Override
          public void close() {}
        };

    /** A direct buffer of zeros, valid until this is closed. */
    ByteBuffer allocate(int byteSize) throws BackendException;

    @Override
    void close();
  }

  /** An output of the last run. */
  private record Written(DataType type, ByteBuffer data) {}

  private RepeatedBatch(List<TensorSpec> tensors, int rows, int requests, Memory memory)
      throws BackendException {
    this.rows = rows;
    this.requests = requests;
    this.memory = memory;
    boolean whole = false;
    try {
      for (TensorSpec tensor : tensors) {
        long byteSize = Shapes.elementCount(tensor.shape()) * tensor.type().byteSize();
        ByteBuffer data = memory.allocate(Math.toIntExact(byteSize));
        inputs.put(
            tensor.name(), new InputTensor(tensor.name(), tensor.type(), tensor.shape(), data));
      }
      whole = true;
    } finally {
      if (!whole) {
        close();
      }
    }
  }

  /**
   * One request.
   *
   * @param tensors its inputs, all of whose dimensions are known, the batch's too where there is
   *     one
   * @param rows of it; 1 where the model does not batch
   * @param memory closed with this, and where this fails
   */
  public static RepeatedBatch ofOne(List<TensorSpec> tensors, int rows, Memory memory)
      throws BackendException {
    return new RepeatedBatch(tensors, rows, 1, memory);
  }

  /** One request of some rows, of a model whose inputs vary in no dimension but the batch's. */
  public static RepeatedBatch ofOne(ModelSpec spec, int rows, Memory memory)
      throws BackendException {
    return ofOne(full(spec, rows), rows, memory);
  }

  /** Likewise a request of one row for each of the rows; one where the model does not batch. */
  public static RepeatedBatch ofRows(ModelSpec spec, int rows, Memory memory)
      throws BackendException {
    return new RepeatedBatch(full(spec, rows), rows, spec.isBatching() ? rows : 1, memory);
  }

  private static List<TensorSpec> full(ModelSpec spec, int rows) {
    List<TensorSpec> full = new ArrayList<>();
    for (TensorSpec input : spec.inputs()) {
      long[] shape = input.shape();
      if (spec.isBatching()) {
        shape[0] = rows;
      }
      full.add(new TensorSpec(input.name(), input.type(), shape));
    }
    return full;
  }

  /** Forgets what the last run wrote, and that one failed. */
  public void forget() {
    written.clear();
    failure = null;
  }

  /** Fails where an entry failed since it was last {@linkplain #forget forgotten}. */
  public void check() throws BackendException {
    if (failure != null) {
      throw failure;
    }
  }

  /** What an output holds after a run: little-endian, from its first byte to its last. */
  public ByteBuffer result(String output) throws BackendException {
    return written(output, "an output").data();
  }

  /** The same of floats. */
  public FloatBuffer floats(String output) throws BackendException {
    Written found = written(output, "floats");
    if (found.type() != DataType.FP32) {
      throw new BackendException(
          "output '%s': %s was written (expected: floats)".formatted(output, found.type()));
    }
    return found.data().asFloatBuffer();
  }

  private Written written(String output, String expected) throws BackendException {
    check();
    Written found = written.get(output);
    if (found == null) {
      throw new BackendException(
          "output '%s': was not written (expected: %s)".formatted(output, expected));
    }
    return new Written(found.type(), fresh(found.data()));
  }

  /** From the first byte to the last, whatever was read of it. */
  private static ByteBuffer fresh(ByteBuffer bytes) {
    return bytes.duplicate().clear().order(ByteOrder.LITTLE_ENDIAN);
  }

  private InputTensor tensor(String name) {
    InputTensor tensor = inputs.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException(
          "name: " + name + " (expected: one of " + inputs.keySet() + ")");
    }
    return tensor;
  }

  @Override
  public int size() {
    return requests;
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public BatchEntry entry(int i) {
    return new Entry(i);
  }

  /** All rows of an input, to be filled or read. */
  @Override
  public ByteBuffer input(String name) {
    return fresh(tensor(name).data());
  }

  @Override
  public void copyInput(String name, ByteBuffer destination) {
    destination.put(input(name));
  }

  @Override
  public long[] inputShape(String name) {
    return tensor(name).shape().clone();
  }

  @Override
  public ByteBuffer output(String name, DataType type, long[] shape, long byteSize) {
    ByteBuffer bytes = outputs.get(name);
    if (bytes == null || bytes.capacity() < byteSize) {
      try {
        bytes = memory.allocate(Math.toIntExact(byteSize));
      } catch (BackendException e) {
        throw new IllegalStateException(e.getMessage(), e);
      }
      outputs.put(name, bytes);
    }
    ByteBuffer own = bytes.slice(0, (int) byteSize);
    written.put(name, new Written(type, own));
    return fresh(own);
  }

  @Override
  public void outputFromInput(String outputName, String inputName) {
    InputTensor input = tensor(inputName);
    written.put(outputName, new Written(input.type(), input.data()));
  }

  @Override
  public boolean wantsOutput(String name) {
    return true;
  }

  @Override
  public void inferStarts() {}

  @Override
  public void inferEnds() {}

  @Override
  public void close() {
    memory.close();
  }

  /** One request: all of the batch, or one row of it. */
  private final class Entry implements BatchEntry {
    private final int index;

    Entry(int index) {
      this.index = index;
    }

    @Override
    public String id() {
      return "";
    }

    @Override
    public int rows() {
      return rows / requests;
    }

    @Override
    public Map<String, Object> parameters() {
      return Map.of();
    }

    @Override
    public @Nullable InputTensor input(String name) {
      InputTensor all = inputs.get(name);
      if (all == null) {
        return null;
      }
      long[] shape = all.shape().clone();
      if (requests > 1) {
        shape[0] = rows();
      }
      ByteBuffer bytes = fresh(all.data());
      int byteSize = bytes.remaining() / requests;
      ByteBuffer own = bytes.slice(index * byteSize, byteSize).order(ByteOrder.LITTLE_ENDIAN);
      return new InputTensor(name, all.type(), shape, own);
    }

    @Override
    public boolean wantsOutput(String name) {
      return true;
    }

    @Override
    public ByteBuffer output(String name, DataType type, long[] shape, long byteSize) {
      if (requests > 1) {
        throw new UnsupportedOperationException("outputs are of the whole batch");
      }
      return RepeatedBatch.this.output(name, type, shape, byteSize);
    }

    @Override
    public void fail(BackendException reason) {
      failure = reason;
    }
  }
}
