package dev.nereid.backend.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.Result;
import ai.onnxruntime.OrtSession.RunOptions;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.Batch;
import dev.nereid.backend.BatchLane;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The way of a batch through a session:
 *
 * <ol>
 *   <li>inputs are wrapped where they lie; strings are copied into the engine's own;
 *   <li>an output whose shape follows from the batch's rows is computed into the memory that the
 *       server answers from;
 *   <li>one whose shape only the run tells is copied there, once, from where the engine put it;
 *   <li>one that is an input by name is answered with that input: the engine leaves the memory that
 *       it is given for one untouched, and hands the input back.
 * </ol>
 *
 * <p>On a GPU it is the same way: the engine copies inputs from where they lie and outputs to where
 * they are wanted, by the device itself where that memory is page-locked, and a run ends when they
 * are there.
 */
final class OnnxLane implements BatchLane {

  private final boolean batching;
  private final List<Port> inputs;
  private final List<Port> outputs;
  private final OrtSession session;
  private final Placement place;
  private final DeviceFaults faults;
  private final Tensors tensors;
  private final StringBatches strings;
  private final @Nullable RunOptions runOptions;

  private final Map<String, OnnxTensor> feeds = new LinkedHashMap<>();
  private final Map<String, OnnxTensor> pinned = new LinkedHashMap<>();
  private final Set<String> fetched = new LinkedHashSet<>();
  private @Nullable Result result;

  /**
   * One input or output.
   *
   * @param configured as requests have it
   * @param scalar whether the engine has it without dimensions
   */
  private record Port(TensorSpec configured, boolean scalar) {
    String name() {
      return configured.name();
    }

    DataType type() {
      return configured.type();
    }
  }

  /**
   * @param session another lane may run it, too; stays open
   */
  OnnxLane(
      ModelSpec spec,
      ModelSignature signature,
      OrtSession session,
      Placement place,
      Engine engine,
      Optional<String> arenaShrinkage)
      throws OrtException {
    this.batching = spec.isBatching();
    this.inputs = ports(spec.inputs(), signature.inputs());
    this.outputs = ports(spec.outputs(), signature.outputs());
    this.session = session;
    this.place = place;
    this.faults = engine.faults();
    this.tensors = engine.tensors();
    this.strings = new StringBatches(engine.newStrings());
    this.runOptions = arenaShrinkage.isPresent() ? shrinking(arenaShrinkage.get()) : null;
  }

  /** The session that it runs. */
  OrtSession session() {
    return session;
  }

  private static RunOptions shrinking(String arenas) throws OrtException {
    RunOptions options = new RunOptions();
    try {
      options.addRunConfigEntry(SessionSettings.ARENA_SHRINKAGE, arenas);
      return options;
    } catch (OrtException e) {
      options.close();
      throw e;
    }
  }

  private static List<Port> ports(List<TensorSpec> configured, List<TensorSpec> engine) {
    List<Port> ports = new ArrayList<>();
    for (TensorSpec tensor : configured) {
      boolean scalar =
          engine.stream()
              .anyMatch(own -> own.name().equals(tensor.name()) && own.shape().length == 0);
      ports.add(new Port(tensor, scalar));
    }
    return ports;
  }

  @Override
  public boolean feed(Batch batch) throws BackendException {
    Optional<String> fault = fault();
    if (fault.isPresent()) {
      throw new BackendException("GPU " + place.device() + " is lost: " + fault.get());
    }
    try {
      if (!feedInputs(batch)) {
        return false;
      }
      for (Port output : outputs) {
        String name = output.name();
        if (batch.wantsOutput(name)) {
          if (feeds.containsKey(name)) {
            batch.outputFromInput(name, name);
          } else {
            pinOrFetch(output, batch);
          }
        }
      }
    } catch (OrtException e) {
      throw failure(e);
    }
    // Where nothing is left to compute, the engine refuses to run for nothing.
    return !pinned.isEmpty() || !fetched.isEmpty();
  }

  @Override
  public void run(Batch batch) throws BackendException {
    batch.inferStarts();
    try {
      result = session.run(feeds, fetched, pinned, runOptions);
    } catch (OrtException e) {
      throw failure(e);
    }
    batch.inferEnds();
  }

  @Override
  public void answer(Batch batch) throws BackendException {
    Result computed = Objects.requireNonNull(result, "answered before it ran");
    for (Port output : outputs) {
      if (fetched.contains(output.name())) {
        copyOut(output, computed, batch);
      }
    }
  }

  private BackendException failure(OrtException e) {
    if (place.isGpu()) {
      faults.examine(place.device(), e);
    }
    return OrtErrors.of(e);
  }

  /** Wraps all inputs; false if no request is left that could be run. */
  private boolean feedInputs(Batch batch) throws OrtException, BackendException {
    for (Port input : inputs) {
      String name = input.name();
      if (input.configured().optional() && batch.entry(0).input(name) == null) {
        continue;
      }
      long[] shape = input.scalar() ? new long[0] : batch.inputShape(name);
      if (input.type() == DataType.BYTES) {
        feeds.put(name, strings.gather(name, shape, batch));
      } else {
        feeds.put(name, tensors.wrap(input.type(), shape, batch.input(name)));
      }
    }
    return strings.anyLeft(batch);
  }

  private void pinOrFetch(Port output, Batch batch) throws OrtException {
    long[] shape = output.configured().shape();
    if (batching) {
      shape[0] = batch.rows();
    }
    if (output.type() == DataType.BYTES || Shapes.isVariable(shape)) {
      fetched.add(output.name());
      return;
    }
    long byteSize = Shapes.elementCount(shape) * output.type().byteSize();
    ByteBuffer memory = batch.output(output.name(), output.type(), shape, byteSize);
    long[] engineShape = output.scalar() ? new long[0] : shape;
    pinned.put(output.name(), tensors.wrap(output.type(), engineShape, memory));
  }

  private void copyOut(Port output, Result result, Batch batch) throws BackendException {
    // The engine answers every name that it was asked for, and the signature said: a tensor.
    OnnxTensor tensor = (OnnxTensor) result.get(output.name()).orElseThrow();
    long[] shape = output.scalar() ? output.configured().shape() : tensor.getInfo().getShape();
    if (batching && (shape.length == 0 || shape[0] != batch.rows())) {
      throw new BackendException(
          "output '%s': shape %s (expected: a first dimension of %d, the rows of the batch)"
              .formatted(output.name(), Shapes.text(shape), batch.rows()));
    }
    if (output.type() == DataType.BYTES) {
      strings.scatter(output.name(), tensor, shape, batch);
    } else {
      long byteSize = Shapes.elementCount(shape) * output.type().byteSize();
      ByteBuffer memory = batch.output(output.name(), output.type(), shape, byteSize);
      if (byteSize > 0) {
        memory.put(tensors.view(tensor));
      }
    }
  }

  /** Frees what stands for the batch's memory; the memory itself is the server's. */
  @Override
  public void release() {
    Result computed = result;
    if (computed != null) {
      computed.close();
      result = null;
    }
    feeds.values().forEach(OnnxTensor::close);
    feeds.clear();
    pinned.values().forEach(OnnxTensor::close);
    pinned.clear();
    fetched.clear();
    strings.clear();
  }

  @Override
  public Optional<String> fault() {
    return place.isGpu() ? faults.of(place.device()) : Optional.empty();
  }

  @Override
  public void close() {
    if (runOptions != null) {
      runOptions.close();
    }
  }
}
