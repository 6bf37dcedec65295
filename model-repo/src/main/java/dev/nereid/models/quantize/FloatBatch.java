package dev.nereid.models.quantize;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Batch;
import dev.nereid.backend.BatchEntry;
import dev.nereid.backend.InputTensor;
import dev.nereid.tensor.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One request with one input of floats, to be run again and again: memory of one run is taken by
 * the next. Lets outputs of other types than floats pass unread.
 */
final class FloatBatch implements Batch {

  private final String input;
  private final long[] shape;
  private final ByteBuffer memory;
  private final Map<String, ByteBuffer> outputs = new HashMap<>();
  private final Map<String, ByteBuffer> written = new HashMap<>();
  private @Nullable BackendException failure;

  FloatBatch(String input, long[] shape, int elements) {
    this.input = input;
    this.shape = shape.clone();
    this.memory = allocate(elements * (long) Float.BYTES);
  }

  /** What the next run reads. */
  FloatBuffer values() {
    written.clear();
    failure = null;
    return memory.duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
  }

  /** What the last run wrote. */
  FloatBuffer output(String name) throws BackendException {
    if (failure != null) {
      throw failure;
    }
    ByteBuffer output = written.get(name);
    if (output == null) {
      throw new BackendException("output '" + name + "': was not written (expected: floats)");
    }
    return output.duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
  }

  private static ByteBuffer allocate(long byteSize) {
    return ByteBuffer.allocateDirect(Math.toIntExact(byteSize)).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public int size() {
    return 1;
  }

  @Override
  public int rows() {
    return 1;
  }

  @Override
  public BatchEntry entry(int i) {
    return new Entry();
  }

  @Override
  public ByteBuffer input(String name) {
    if (!name.equals(input)) {
      throw new IllegalArgumentException("input: " + name + " (expected: " + input + ")");
    }
    return memory.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void copyInput(String name, ByteBuffer destination) {
    destination.put(input(name));
  }

  @Override
  public long[] inputShape(String name) {
    return shape.clone();
  }

  @Override
  public ByteBuffer output(String name, DataType type, long[] of, long byteSize) {
    ByteBuffer buffer = outputs.get(name);
    if (buffer == null || buffer.capacity() < byteSize) {
      buffer = allocate(byteSize);
      outputs.put(name, buffer);
    }
    buffer.clear().limit((int) byteSize);
    if (type == DataType.FP32) {
      written.put(name, buffer);
    }
    return buffer.slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void outputFromInput(String outputName, String inputName) {
    written.put(outputName, input(inputName));
  }

  @Override
  public boolean wantsOutput(String name) {
    return true;
  }

  @Override
  public void inferStarts() {}

  @Override
  public void inferEnds() {}

  /** The request of that input. */
  private final class Entry implements BatchEntry {

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
      return name.equals(input)
          ? new InputTensor(name, DataType.FP32, shape, FloatBatch.this.input(name))
          : null;
    }

    @Override
    public boolean wantsOutput(String name) {
      return true;
    }

    @Override
    public ByteBuffer output(String name, DataType type, long[] of, long byteSize) {
      return FloatBatch.this.output(name, type, of, byteSize);
    }

    @Override
    public void fail(BackendException reason) {
      failure = reason;
    }
  }
}
