package dev.nereid.backend.tensorrt;

import com.sun.jna.Pointer;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.Batch;
import dev.nereid.backend.BatchEntry;
import dev.nereid.backend.InputTensor;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One batch of requests of one row each in page-locked memory, to be run again and again: what the
 * server makes of requests, for programs that measure or check the backend without a server.
 *
 * <p>Not thread-safe. Every run of it must be complete when it is closed.
 */
public final class PinnedBatch implements Batch, AutoCloseable {

  private final int rows;
  private final boolean batching;
  private final Map<String, TensorSpec> inputs = new HashMap<>();
  private final CudaRuntime cuda;
  private final Map<String, Pointer> inputMemory = new HashMap<>();
  private final Map<String, ByteBuffer> inputBytes = new HashMap<>();
  private final Map<String, Pointer> outputMemory = new HashMap<>();
  private final Map<String, ByteBuffer> outputBytes = new HashMap<>();
  private @Nullable BackendException failure;

  /**
   * Allocates, and fills inputs with zeros.
   *
   * @param spec whose inputs vary in no dimension but the batch's
   * @param rows requests in it; 1 where the model does not batch
   * @throws BackendException if there is not enough memory
   */
  public PinnedBatch(ModelSpec spec, int rows) throws BackendException {
    this.rows = rows;
    this.batching = spec.isBatching();
    this.cuda = CudaRuntime.open();
    try {
      for (TensorSpec input : spec.inputs()) {
        long[] shape = full(input.shape(), rows);
        long byteSize = Shapes.elementCount(shape) * input.type().byteSize();
        Pointer memory = cuda.hostAlloc(Math.max(1, byteSize));
        inputMemory.put(input.name(), memory);
        inputs.put(input.name(), input);
        ByteBuffer bytes = view(memory, byteSize);
        while (bytes.hasRemaining()) {
          bytes.put((byte) 0);
        }
        inputBytes.put(input.name(), bytes.flip());
      }
    } catch (CudaException e) {
      close();
      throw e.toBackendException();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private static ByteBuffer view(Pointer memory, long byteSize) {
    return memory.getByteBuffer(0, byteSize).order(ByteOrder.LITTLE_ENDIAN);
  }

  private long[] full(long[] shape, int count) {
    long[] full = shape.clone();
    if (batching) {
      full[0] = count;
    }
    return full;
  }

  /** What an output holds after a run: little-endian, from its first byte to its last. */
  public ByteBuffer result(String output) {
    return Objects.requireNonNull(outputBytes.get(output), output)
        .duplicate()
        .order(ByteOrder.LITTLE_ENDIAN)
        .rewind();
  }

  /** Why an entry failed in the last run; null where none did. */
  public @Nullable BackendException failure() {
    return failure;
  }

  @Override
  public int size() {
    return batching ? rows : 1;
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
    ByteBuffer bytes = inputBytes.get(name);
    if (bytes == null) {
      throw new IllegalArgumentException("name: " + name + " (expected: one of " + inputs + ")");
    }
    return bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void copyInput(String name, ByteBuffer destination) {
    destination.put(input(name));
  }

  @Override
  public long[] inputShape(String name) {
    return full(Objects.requireNonNull(inputs.get(name), name).shape(), rows);
  }

  @Override
  public ByteBuffer output(String name, DataType type, long[] shape, long byteSize) {
    ByteBuffer bytes = outputBytes.get(name);
    if (bytes == null || bytes.capacity() != byteSize) {
      free(outputMemory.remove(name));
      try {
        Pointer memory = cuda.hostAlloc(Math.max(1, byteSize));
        outputMemory.put(name, memory);
        bytes = view(memory, byteSize);
        outputBytes.put(name, bytes);
      } catch (CudaException e) {
        throw new IllegalStateException(e.getMessage(), e);
      }
    }
    return bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void outputFromInput(String outputName, String inputName) {
    throw new UnsupportedOperationException("TensorRT answers no output with an input");
  }

  @Override
  public boolean wantsOutput(String name) {
    return true;
  }

  @Override
  public void inferStarts() {}

  @Override
  public void inferEnds() {}

  private void free(@Nullable Pointer memory) {
    if (memory != null) {
      try {
        cuda.freeHost(memory);
      } catch (CudaException e) {
        throw new IllegalStateException(e.getMessage(), e);
      }
    }
  }

  @Override
  public void close() {
    inputMemory.values().forEach(this::free);
    outputMemory.values().forEach(this::free);
    inputMemory.clear();
    outputMemory.clear();
    inputBytes.clear();
    outputBytes.clear();
  }

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
      return 1;
    }

    @Override
    public Map<String, Object> parameters() {
      return Map.of();
    }

    @Override
    public @Nullable InputTensor input(String name) {
      TensorSpec input = inputs.get(name);
      if (input == null) {
        return null;
      }
      ByteBuffer all = PinnedBatch.this.input(name);
      int perEntry = all.remaining() / size();
      ByteBuffer own = all.slice(index * perEntry, perEntry).order(ByteOrder.LITTLE_ENDIAN);
      return new InputTensor(name, input.type(), full(input.shape(), 1), own);
    }

    @Override
    public boolean wantsOutput(String name) {
      return true;
    }

    @Override
    public ByteBuffer output(String name, DataType type, long[] shape, long byteSize) {
      throw new UnsupportedOperationException("TensorRT writes outputs of whole batches");
    }

    @Override
    public void fail(BackendException reason) {
      failure = reason;
    }
  }
}
