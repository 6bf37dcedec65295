package dev.nereid.backend.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Batch;
import dev.nereid.backend.BatchEntry;
import dev.nereid.backend.BytesElements;
import dev.nereid.backend.DeviceTensor;
import dev.nereid.backend.InputTensor;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A batch over direct memory, each tensor between walls, that keeps what a backend did with it.
 *
 * <p>Give it to an instance, {@link #assertSound}, then read {@link #output} and {@link #failure}.
 */
public final class TestBatch implements Batch {

  private final boolean batching;
  private final int misalignment;
  private final List<Entry> entries = new ArrayList<>();
  private final Map<String, GuardedMemory> inputs = new LinkedHashMap<>();
  private final Map<String, Output> outputs = new TreeMap<>();
  private final TreeSet<String> askedOutputs = new TreeSet<>();
  private final List<String> stages = new ArrayList<>();
  private @Nullable RuntimeException noMemory;

  private TestBatch(boolean batching, int misalignment, List<TestRequest> requests) {
    this.batching = batching;
    this.misalignment = misalignment;
    for (TestRequest request : requests) {
      entries.add(new Entry(entries.size(), request));
    }
  }

  /** Requests to a model that batches: the first dimension of every input is its rows. */
  public static TestBatch of(TestRequest... requests) {
    return new TestBatch(true, 0, List.of(requests));
  }

  /** A request to a model that does not batch. */
  public static TestBatch unbatched(TestRequest request) {
    return new TestBatch(false, 0, List.of(request));
  }

  /** Like {@link #of}, but no buffer starts at a multiple of more than 4 bytes. */
  public static TestBatch misaligned(TestRequest... requests) {
    return new TestBatch(true, 4, List.of(requests));
  }

  /** From now on, asking for an output's memory throws. */
  public TestBatch withoutMemory(RuntimeException reason) {
    noMemory = reason;
    return this;
  }

  /** That request's input lies on a GPU, too: there its bytes are the caller's to write. */
  public TestBatch onDevice(int entry, String input, int device, DeviceTensor there) {
    entries.get(entry).deviceInputs.put(input, new OnDevice(device, there));
    return this;
  }

  /** That request wants its output on a GPU. */
  public TestBatch wantedOnDevice(int entry, String output, int device, DeviceTensor there) {
    entries.get(entry).deviceOutputs.put(output, new OnDevice(device, there));
    return this;
  }

  /** Fails if anything was written outside its tensor, or the stages were not told in order. */
  public TestBatch assertSound() {
    inputs.forEach((name, memory) -> memory.assertWallsStand("input " + name));
    outputs.forEach((name, output) -> output.assertWallsStand(name));
    for (Entry entry : entries) {
      entry.inputs.forEach((name, memory) -> memory.assertWallsStand("input " + name));
      entry.outputs.forEach((name, output) -> output.assertWallsStand(name));
    }
    assertThat(stages).containsExactly("inferStarts", "inferEnds");
    return this;
  }

  /** Names of the outputs that the backend asked memory for. */
  public Set<String> writtenOutputs() {
    return askedOutputs;
  }

  /** One request's own part of an output. */
  public TestTensor output(int entry, String name) {
    Entry of = entries.get(entry);
    Output own = of.outputs.get(name);
    if (own != null) {
      return own.whole();
    }
    return batching ? output(name).part(of.firstRow(), of.rows()) : output(name).whole();
  }

  private Output output(String name) {
    Output output = outputs.get(name);
    if (output == null) {
      throw new AssertionError("output " + name + " was not written, only " + askedOutputs);
    }
    return output;
  }

  /** The message that request was failed with, or null. */
  public @Nullable String failure(int entry) {
    BackendException failure = entries.get(entry).failure;
    return failure == null ? null : failure.getMessage();
  }

  @Override
  public int size() {
    return entries.size();
  }

  @Override
  public int rows() {
    return entries.stream().mapToInt(Entry::rows).sum();
  }

  @Override
  public BatchEntry entry(int i) {
    return entries.get(i);
  }

  @Override
  public ByteBuffer input(String name) {
    GuardedMemory memory =
        inputs.computeIfAbsent(
            name,
            ignored -> {
              long size =
                  entries.stream().mapToLong(entry -> entry.tensor(name).raw().length).sum();
              GuardedMemory fresh = new GuardedMemory(size, misalignment);
              copyInput(name, fresh.buffer());
              return fresh;
            });
    return memory.buffer();
  }

  @Override
  public void copyInput(String name, ByteBuffer destination) {
    for (Entry entry : entries) {
      destination.put(entry.tensor(name).raw());
    }
  }

  @Override
  public long[] inputShape(String name) {
    long[] shape = entries.get(0).tensor(name).shape().clone();
    if (batching) {
      shape[0] = rows();
    }
    return shape;
  }

  @Override
  public ByteBuffer output(String name, DataType type, long[] shape, long byteSize) {
    askedOutputs.add(name);
    if (batching) {
      assertThat(shape[0]).as("first dimension of %s", name).isEqualTo(rows());
    }
    Output output = allocate(type, shape, byteSize);
    assertThat(outputs.put(name, output)).as("output %s, asked for before", name).isNull();
    return output.memory.buffer();
  }

  private Output allocate(DataType type, long[] shape, long byteSize) {
    if (noMemory != null) {
      throw noMemory;
    }
    if (type.isFixedSize()) {
      assertThat(byteSize).isEqualTo(Shapes.elementCount(shape) * type.byteSize());
    }
    return new Output(type, shape.clone(), byteSize, new GuardedMemory(byteSize, misalignment));
  }

  @Override
  public void outputFromInput(String outputName, String inputName) {
    TestTensor tensor = entries.get(0).tensor(inputName);
    ByteBuffer source = input(inputName);
    output(outputName, tensor.type(), inputShape(inputName), source.remaining()).put(source);
  }

  @Override
  public boolean wantsOutput(String name) {
    return entries.stream().anyMatch(entry -> entry.wantsOutput(name));
  }

  @Override
  public void inferStarts() {
    stages.add("inferStarts");
  }

  @Override
  public void inferEnds() {
    stages.add("inferEnds");
  }

  private record OnDevice(int device, DeviceTensor tensor) {}

  private record Output(DataType type, long[] shape, long byteSize, GuardedMemory memory) {

    void assertWallsStand(String name) {
      memory.assertWallsStand("output " + name);
    }

    TestTensor whole() {
      byte[] raw = new byte[Math.toIntExact(byteSize)];
      memory.buffer().get(raw);
      return new TestTensor(type, shape, raw);
    }

    TestTensor part(int firstRow, int rows) {
      long perRow = Shapes.elementCount(shape) / Math.max(1, shape[0]);
      long[] partShape = shape.clone();
      partShape[0] = rows;
      long first = offsetOf(firstRow * perRow);
      byte[] raw = new byte[Math.toIntExact(offsetOf((firstRow + rows) * perRow) - first)];
      memory.buffer().position(Math.toIntExact(first)).get(raw);
      return new TestTensor(type, partShape, raw);
    }

    private long offsetOf(long element) {
      if (type.isFixedSize()) {
        return element * type.byteSize();
      }
      long[] end = new long[1];
      ByteBuffer bytes = memory.buffer().order(ByteOrder.LITTLE_ENDIAN);
      try {
        BytesElements.walk(
            "output",
            bytes,
            Shapes.elementCount(shape),
            (index, offset, length) -> {
              if (index < element) {
                end[0] = (long) offset + length;
              }
            });
      } catch (BackendException e) {
        throw new AssertionError("a string output that is not well formed", e);
      }
      return end[0];
    }
  }

  private final class Entry implements BatchEntry {
    private final int index;
    private final TestRequest request;
    private final Map<String, GuardedMemory> inputs = new LinkedHashMap<>();
    private final Map<String, Output> outputs = new TreeMap<>();
    private final Map<String, OnDevice> deviceInputs = new TreeMap<>();
    private final Map<String, OnDevice> deviceOutputs = new TreeMap<>();
    private @Nullable BackendException failure;

    Entry(int index, TestRequest request) {
      this.index = index;
      this.request = request;
    }

    int firstRow() {
      return entries.subList(0, index).stream().mapToInt(Entry::rows).sum();
    }

    TestTensor tensor(String name) {
      TestTensor tensor = request.inputs().get(name);
      if (tensor == null) {
        throw new IllegalArgumentException(
            "input: " + name + " (expected: " + request.inputs().keySet() + ")");
      }
      return tensor;
    }

    @Override
    public String id() {
      return "request-" + index;
    }

    @Override
    public int rows() {
      return batching ? Math.toIntExact(request.inputs().values().iterator().next().shape()[0]) : 1;
    }

    @Override
    public Map<String, Object> parameters() {
      return Map.of();
    }

    @Override
    public @Nullable InputTensor input(String name) {
      TestTensor tensor = request.inputs().get(name);
      if (tensor == null) {
        return null;
      }
      GuardedMemory memory =
          inputs.computeIfAbsent(
              name,
              ignored -> {
                GuardedMemory fresh = new GuardedMemory(tensor.raw().length, misalignment);
                fresh.buffer().put(tensor.raw());
                return fresh;
              });
      return new InputTensor(name, tensor.type(), tensor.shape().clone(), memory.buffer());
    }

    @Override
    public @Nullable DeviceTensor deviceInput(String name, int device) {
      OnDevice there = deviceInputs.get(name);
      return there == null || there.device != device ? null : there.tensor;
    }

    @Override
    public @Nullable DeviceTensor deviceOutput(
        String name, DataType type, long[] shape, long byteSize, int device) {
      assertThat(byteSize).isEqualTo(Shapes.elementCount(shape) * type.byteSize());
      OnDevice there = deviceOutputs.get(name);
      if (there == null || there.device != device || byteSize > there.tensor.byteSize()) {
        return null;
      }
      assertThat(shape[0]).isEqualTo(rows());
      return new DeviceTensor(there.tensor.address(), byteSize);
    }

    @Override
    public boolean wantsOutput(String name) {
      return request.wants(name);
    }

    @Override
    public ByteBuffer output(String name, DataType type, long[] shape, long byteSize) {
      askedOutputs.add(name);
      Output output = allocate(type, shape, byteSize);
      assertThat(outputs.put(name, output)).as("output %s, asked for before", name).isNull();
      return output.memory.buffer();
    }

    @Override
    public void fail(BackendException reason) {
      assertThat(failure).as("failed before").isNull();
      failure = reason;
    }
  }
}
