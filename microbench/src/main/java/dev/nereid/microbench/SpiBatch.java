package dev.nereid.microbench;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Batch;
import dev.nereid.backend.BatchEntry;
import dev.nereid.backend.InputTensor;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One request of some rows, as a backend sees it, over memory that is used again for every run:
 * page locked where CUDA is there, as the server's is for models on a GPU.
 */
final class SpiBatch implements Batch, AutoCloseable {

  private final Map<String, InputTensor> inputs = new HashMap<>();
  private final Map<String, ByteBuffer> outputs = new HashMap<>();
  private final PinnedBuffers memory = new PinnedBuffers();
  private final Entry entry;

  /**
   * @param specs inputs of the model, their first dimension the batch's, the others known
   */
  SpiBatch(List<TensorSpec> specs, int rows) {
    entry = new Entry(rows);
    for (TensorSpec spec : specs) {
      long[] shape = spec.shape();
      shape[0] = rows;
      long elements = 1;
      for (long dimension : shape) {
        elements *= dimension;
      }
      ByteBuffer data = memory.allocate(Math.toIntExact(elements * spec.type().byteSize()));
      inputs.put(spec.name(), new InputTensor(spec.name(), spec.type(), shape, data));
    }
  }

  /** Fills FP32 inputs with pseudo-random pixels from 0 to 1, the others with such bytes. */
  void fill(long seed) {
    for (InputTensor input : inputs.values()) {
      ByteBuffer data = fresh(input.data());
      long state = seed;
      while (data.remaining() >= Float.BYTES) {
        state = state * 6364136223846793005L + 1442695040888963407L;
        int random = (int) (state >>> 40);
        if (input.type() == DataType.FP32) {
          data.putFloat(random / (float) (1 << 24));
        } else {
          data.putInt(random);
        }
      }
    }
  }

  /** What the last run left as an FP32 output. */
  float[] floats(String output) {
    ByteBuffer bytes = outputs.get(output);
    if (bytes == null) {
      throw new IllegalStateException("output: " + output + " was not written");
    }
    float[] values = new float[bytes.capacity() / Float.BYTES];
    fresh(bytes).asFloatBuffer().get(values);
    return values;
  }

  /** Fails as the last run did, if it did. */
  void check() throws BackendException {
    if (entry.failure != null) {
      throw entry.failure;
    }
  }

  private static ByteBuffer fresh(ByteBuffer bytes) {
    return bytes.duplicate().clear().order(ByteOrder.LITTLE_ENDIAN);
  }

  private InputTensor tensor(String name) {
    InputTensor tensor = inputs.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException("name: " + name + " (expected: " + inputs.keySet() + ")");
    }
    return tensor;
  }

  @Override
  public int size() {
    return 1;
  }

  @Override
  public int rows() {
    return entry.rows();
  }

  @Override
  public BatchEntry entry(int i) {
    return entry;
  }

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
    if (bytes == null || bytes.capacity() != byteSize) {
      bytes = memory.allocate(Math.toIntExact(byteSize));
      outputs.put(name, bytes);
    }
    return fresh(bytes);
  }

  @Override
  public void outputFromInput(String outputName, String inputName) {
    outputs.put(outputName, tensor(inputName).data());
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

  /** The one request. */
  private final class Entry implements BatchEntry {
    private final int rows;
    private @Nullable BackendException failure;

    Entry(int rows) {
      this.rows = rows;
    }

    @Override
    public String id() {
      return "";
    }

    @Override
    public int rows() {
      return rows;
    }

    @Override
    public Map<String, Object> parameters() {
      return Map.of();
    }

    @Override
    public InputTensor input(String name) {
      return tensor(name);
    }

    @Override
    public boolean wantsOutput(String name) {
      return true;
    }

    @Override
    public ByteBuffer output(String name, DataType type, long[] shape, long byteSize) {
      return SpiBatch.this.output(name, type, shape, byteSize);
    }

    @Override
    public void fail(BackendException reason) {
      failure = reason;
    }
  }
}
