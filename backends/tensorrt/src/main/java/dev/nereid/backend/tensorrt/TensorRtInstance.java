package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Batch;
import dev.nereid.backend.BatchEntry;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.backend.tensorrt.Ports.Port;
import dev.nereid.tensor.Shapes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One execution context and the way of a batch through it. Two batches are in flight, each over a
 * {@link Slot}'s memory, where few instances share the GPU, and one where more do:
 *
 * <pre>
 *   input stream     copy 1 | copy 2  | copy 3 ...
 *   compute stream          | compute 1 | compute 2 ...
 *   output stream                       | copy 1 | ...
 * </pre>
 *
 * <ul>
 *   <li>Inputs are copied by the device from each request's own memory to its rows' place, and
 *       outputs into the memory that the server answers from: no byte passes through the CPU. Both
 *       are at full speed, and beside the computing, where that memory is page-locked. What clients
 *       have on this GPU is copied on it, and never comes to the host.
 *   <li>Events hold a batch's steps in order. A slot is used again only after {@link #complete}, so
 *       nothing needs to hold batches apart but the streams themselves.
 *   <li>Without {@code output_copy_stream} outputs are copied on the compute stream, and the next
 *       batch computes after that.
 *   <li>A batch whose size was recorded, or that is filled up to one, is replayed as a CUDA graph;
 *       the rows beyond its own hold what was there before, and are never copied out.
 * </ul>
 */
final class TensorRtInstance implements ModelInstance {

  private static final Logger log = LoggerFactory.getLogger(TensorRtInstance.class);

  private final Owned owned = new Owned();
  private final ModelSpec spec;
  private final GraphSizes graphSizes;
  private final Gpu gpu;
  private final int depth;
  private final EngineLog.Errors errors;
  private final Ports ports;
  private final List<Execution> executions = new ArrayList<>();
  private final List<Profile> profiles = new ArrayList<>();
  private final List<Slot> slots = new ArrayList<>();
  private final CUstream_st inputStream;
  private final CUstream_st computeStream;
  private final CUstream_st outputStream;
  private final RowCopies inputCopies;
  private final OutputCopies outputCopies;

  private final List<long[]> shapes = new ArrayList<>();
  private long started;
  private long completed;
  private @Nullable Thread thread;
  private volatile @Nullable String fault;

  /**
   * Makes what the instance needs, and runs it once, so that the first request finds everything
   * loaded.
   *
   * @param profileIndices that it has to itself
   * @param depth batches that it holds at a time
   */
  TensorRtInstance(
      ModelSpec spec,
      GraphSizes graphSizes,
      Gpu gpu,
      Engine engine,
      List<Integer> profileIndices,
      int depth)
      throws CudaException, TensorRtException {
    this.spec = spec;
    this.graphSizes = graphSizes;
    this.gpu = gpu;
    this.depth = depth;
    this.errors = engine.tensorRt().log().listen();
    owned.add(errors::close);
    try {
      bind();
      this.ports = Ports.of(spec, engine, owned);
      this.inputStream = stream();
      this.inputCopies = new RowCopies(inputStream, gpu.index());
      this.computeStream = stream();
      this.outputStream = spec.gpu().outputCopyStream() ? stream() : computeStream;
      this.outputCopies = new OutputCopies(outputStream, gpu.index(), spec.isBatching());
      makeExecutions(engine, profileIndices);
      makeSlots();
      warmUp();
      recordGraphs();
      // It runs on a thread of its own from here on.
      this.thread = null;
    } catch (CudaException | TensorRtException | RuntimeException e) {
      owned.close();
      throw e;
    }
  }

  private CUstream_st stream() throws CudaException {
    CUstream_st stream = Cuda.newStream();
    owned.add(() -> Cuda.destroy(stream));
    return stream;
  }

  /** One context a profile, over one scratch memory: they run one after the other. */
  private void makeExecutions(Engine engine, List<Integer> profileIndices)
      throws CudaException, TensorRtException {
    long scratchBytes = 1;
    for (int index : profileIndices) {
      scratchBytes = Math.max(scratchBytes, engine.scratchBytes(index));
    }
    Address scratch = owned.memory(Cuda.malloc(scratchBytes, "intermediate results"));
    for (int index : profileIndices) {
      Execution execution =
          Execution.of(engine, index, ports, scratch, scratchBytes, computeStream, errors, owned);
      executions.add(execution);
      profiles.add(execution.profile());
    }
  }

  private void makeSlots() throws CudaException, TensorRtException {
    List<Long> inputBytes = new ArrayList<>();
    for (int i = 0; i < ports.inputs().size(); i++) {
      long elements = 0;
      for (Profile profile : profiles) {
        elements = Math.max(elements, profile.inputs().get(i).maxElements());
      }
      inputBytes.add(elements * ports.inputs().get(i).elementBytes());
    }
    List<Long> outputBytes = new ArrayList<>();
    ports.outputs().forEach(output -> outputBytes.add(0L));
    for (Execution execution : executions) {
      execution.setShapes(execution.profile().inputs().stream().map(ShapeRange::max).toList());
      for (int i = 0; i < ports.outputs().size(); i++) {
        Port output = ports.outputs().get(i);
        long[] shape = execution.outputShape(output);
        if (Shapes.isVariable(shape)) {
          throw new TensorRtException(
              "output '%s': shape %s depends on the input's values (expected: on its shape alone; others are not supported)"
                  .formatted(output.name(), Shapes.text(shape)));
        }
        long bytes = Shapes.elementCount(shape) * output.elementBytes();
        outputBytes.set(i, Math.max(outputBytes.get(i), bytes));
      }
    }
    for (int i = 0; i < depth; i++) {
      slots.add(new Slot(inputBytes, outputBytes, computeStream, owned));
    }
    Cuda.synchronize(computeStream);
  }

  /** Loads what CUDA and TensorRT load when it is first used. */
  private void warmUp() throws CudaException, TensorRtException {
    for (Execution execution : executions) {
      for (Slot slot : slots) {
        execution.setShapes(execution.profile().inputs().stream().map(ShapeRange::min).toList());
        execution.enqueue(slot, computeStream);
        execution.setShapes(execution.profile().inputs().stream().map(ShapeRange::max).toList());
        execution.enqueue(slot, computeStream);
        Cuda.synchronize(computeStream);
      }
    }
  }

  private void recordGraphs() throws CudaException, TensorRtException {
    long start = System.nanoTime();
    for (int size : graphSizes.lowestBySize().keySet()) {
      List<long[]> recorded = new ArrayList<>();
      for (Port input : ports.inputs()) {
        TensorSpec configured = input.configured();
        long[] shape =
            input.isScalar() || configured == null ? input.tensor().shape() : configured.shape();
        if (spec.isBatching()) {
          shape[0] = size;
        }
        recorded.add(shape);
      }
      Execution execution = execution(recorded);
      for (Slot slot : slots) {
        try {
          record(execution, recorded, size, slot);
        } catch (CudaException e) {
          if (e.isSticky()) {
            throw e;
          }
          forgetGraphs(e.getMessage());
          return;
        } catch (TensorRtException e) {
          forgetGraphs(e.getMessage());
          return;
        }
      }
    }
    if (!graphSizes.isEmpty()) {
      log.info(
          "Model '{}': CUDA graphs of batches {} recorded in {} ms",
          spec.source().modelName(),
          graphSizes.lowestBySize().keySet(),
          (System.nanoTime() - start) / 1_000_000);
    }
  }

  private void record(Execution execution, List<long[]> recorded, int size, Slot slot)
      throws CudaException, TensorRtException {
    errors.clear();
    // Once for real: what a change of shapes puts off until the next run must not be recorded.
    execution.setShapes(recorded);
    execution.enqueue(slot, computeStream);
    Cuda.synchronize(computeStream);
    CUgraphExec_st graph = Cuda.record(computeStream, () -> execution.enqueue(slot, computeStream));
    owned.add(() -> Cuda.destroy(graph));
    slot.graphs().put(size, graph);
    Cuda.launch(graph, computeStream);
    Cuda.synchronize(computeStream);
  }

  /** A model that cannot be recorded, such as one that waits within, runs all the same. */
  private void forgetGraphs(@Nullable String why) throws CudaException {
    log.warn(
        "Model '{}': optimization.cuda.graphs has no effect, since its batches cannot be recorded:"
            + " {}",
        spec.source().modelName(),
        why);
    slots.forEach(slot -> slot.graphs().clear());
    Cuda.synchronize(computeStream);
  }

  @Override
  public int depth() {
    return depth;
  }

  @Override
  public boolean usesDeviceMemory() {
    return true;
  }

  @Override
  public void execute(Batch batch) throws BackendException {
    start(batch);
    complete(batch);
  }

  @Override
  public void start(Batch batch) throws BackendException {
    refuseIfFaulty();
    Slot slot = slots.get((int) (started % depth));
    try {
      bind();
      errors.clear();
      batchShapes(batch);
      CUgraphExec_st graph = recorded(batch, slot);
      // Before anything is copied: only shapes within a profile fit the slot.
      Execution execution = execution(shapes);
      copyIn(batch, slot);
      batch.inferStarts();
      if (graph != null) {
        Cuda.launch(graph, computeStream);
      } else {
        execution.setShapes(shapes);
        execution.enqueue(slot, computeStream);
      }
      Cuda.record(slot.computed(), computeStream);
      copyOut(batch, slot);
      started++;
    } catch (CudaException | TensorRtException | BackendException | RuntimeException e) {
      drain();
      throw failure(e);
    } finally {
      shapes.clear();
    }
  }

  private void batchShapes(Batch batch) throws BackendException {
    for (Port input : ports.inputs()) {
      for (int i = 0; i < batch.size(); i++) {
        BatchEntry entry = batch.entry(i);
        if (entry.deviceInput(input.name(), gpu.index()) == null
            && entry.input(input.name()) == null) {
          throw new BackendException("input '" + input.name() + "' is missing");
        }
      }
      shapes.add(input.isScalar() ? new long[0] : batch.inputShape(input.name()).clone());
    }
  }

  /** What the batch is replayed as; null where it is not. */
  private @Nullable CUgraphExec_st recorded(Batch batch, Slot slot) {
    return slot.graphs().get(graphSizes.sizeFor(spec.isBatching() ? batch.rows() : 1));
  }

  /** Begins to copy every request's own memory to its rows' place. */
  private void copyIn(Batch batch, Slot slot) throws CudaException {
    for (int k = 0; k < ports.inputs().size(); k++) {
      inputCopies.begin(batch, ports.inputs().get(k).name(), slot.input(k));
    }
    Cuda.record(slot.inputsCopied(), inputStream);
    Cuda.await(computeStream, slot.inputsCopied());
  }

  private Execution execution(List<long[]> wanted) throws TensorRtException {
    int nearest = Profile.nearest(profiles, wanted);
    if (nearest < 0) {
      throw new TensorRtException(
          "shapes %s (expected: within one of the engine's profiles, %s)"
              .formatted(wanted.stream().map(Shapes::text).toList(), profiles));
    }
    return executions.get(nearest);
  }

  /** Begins to copy the outputs that are wanted to where they are. */
  private void copyOut(Batch batch, Slot slot) throws CudaException, TensorRtException {
    if (spec.gpu().outputCopyStream()) {
      Cuda.await(outputStream, slot.computed());
    }
    for (int k = 0; k < ports.outputs().size(); k++) {
      Port output = ports.outputs().get(k);
      if (output.configured() == null || !batch.wantsOutput(output.name())) {
        continue;
      }
      long[] shape = outputShape(output, output.configured(), batch);
      outputCopies.begin(batch, output, shape, slot.output(k));
    }
    Cuda.record(slot.done(), outputStream);
  }

  private long[] outputShape(Port output, TensorSpec configured, Batch batch)
      throws TensorRtException {
    long[] shape = configured.shape();
    if (spec.isBatching()) {
      shape[0] = batch.rows();
    }
    if (Shapes.isVariable(shape)) {
      // Follows from inputs that vary, and those are not recorded: the shapes were just set.
      shape = execution(shapes).outputShape(output);
    }
    return shape;
  }

  @Override
  public void complete(Batch batch) throws BackendException {
    Slot slot = slots.get((int) (completed++ % depth));
    try {
      bind();
      boolean spin = spec.gpu().busyWaitEvents();
      Cuda.await(slot.computed(), spin);
      batch.inferEnds();
      Cuda.await(slot.done(), spin);
    } catch (CudaException e) {
      throw failure(e);
    }
  }

  @Override
  public Optional<String> fault() {
    return Optional.ofNullable(fault);
  }

  /** The device is chosen once a thread. */
  private void bind() throws CudaException {
    Thread current = Thread.currentThread();
    if (thread != current) {
      Cuda.setDevice(gpu.index());
      errors.listenTo(current);
      thread = current;
    }
  }

  private void refuseIfFaulty() throws BackendException {
    String why = fault;
    if (why != null) {
      throw new BackendException(why);
    }
  }

  /** A batch that was not begun leaves nothing behind that still reads or writes its memory. */
  private void drain() {
    try {
      Cuda.synchronize(inputStream);
      Cuda.synchronize(computeStream);
      Cuda.synchronize(outputStream);
    } catch (CudaException e) {
      latch(e);
    }
  }

  private BackendException failure(Exception e) {
    if (e instanceof CudaException cuda) {
      latch(cuda);
    }
    return e instanceof BackendException already
        ? already
        : new BackendException(String.valueOf(e.getMessage()), e);
  }

  private void latch(CudaException e) {
    if (e.isSticky() && fault == null) {
      fault = gpu + " is lost to this process: " + e.getMessage();
      log.error("Model '{}': {}", spec.source().modelName(), fault);
    }
  }

  @Override
  public void close() {
    try {
      Cuda.setDevice(gpu.index());
      drain();
    } catch (CudaException e) {
      latch(e);
    }
    owned.close();
  }
}
