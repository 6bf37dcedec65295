package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Batch;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.Shapes;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of a batch through DJL's engine. One request that fills a session is read where it lies;
 * others are gathered straight into the page-locked memory of the next larger session, whose rows
 * beyond them hold what was there before. Outputs are copied out of the session's memory.
 */
final class DjlInstance implements ModelInstance {

  private static final Logger log = LoggerFactory.getLogger(DjlInstance.class);

  private final ModelSpec spec;
  private final TreeMap<Integer, DjlSession> sessions = new TreeMap<>();
  private volatile @Nullable String fault;

  private DjlInstance(ModelSpec spec) {
    this.spec = spec;
  }

  /**
   * Makes a session of each engine.
   *
   * @param engines by the rows that they are for
   */
  static DjlInstance of(ModelSpec spec, NavigableMap<Integer, DjlEngine> engines)
      throws CudaException, TensorRtException {
    DjlInstance instance = new DjlInstance(spec);
    boolean whole = false;
    try {
      for (Map.Entry<Integer, DjlEngine> entry : engines.entrySet()) {
        instance.sessions.put(entry.getKey(), DjlSession.of(entry.getValue()));
      }
      whole = true;
      return instance;
    } finally {
      if (!whole) {
        instance.close();
      }
    }
  }

  @Override
  public void execute(Batch batch) throws BackendException {
    String why = fault;
    if (why != null) {
      throw new BackendException(why);
    }
    checkPresent(batch);
    int rows = spec.isBatching() ? batch.rows() : 1;
    Map.Entry<Integer, DjlSession> next = sessions.ceilingEntry(rows);
    if (next == null) {
      throw new BackendException(
          "rows: " + rows + " (expected: at most " + sessions.lastKey() + ")");
    }
    DjlSession session = next.getValue();
    try {
      run(batch, session);
      for (TensorSpec output : spec.outputs()) {
        if (batch.wantsOutput(output.name())) {
          copyOut(batch, rows, output, session);
        }
      }
    } catch (CudaException e) {
      if (e.isSticky()) {
        fault = session.engine().gpu() + " is lost to this process: " + e.getMessage();
        log.error("Model '{}': {}", spec.source().modelName(), fault);
      }
      throw e.toBackendException();
    } catch (TensorRtException e) {
      throw new BackendException(String.valueOf(e.getMessage()), e);
    }
  }

  private void checkPresent(Batch batch) throws BackendException {
    for (TensorSpec input : sessions.firstEntry().getValue().engine().inputs()) {
      for (int i = 0; i < batch.size(); i++) {
        if (batch.entry(i).input(input.name()) == null) {
          throw new BackendException("input '" + input.name() + "' is missing");
        }
      }
    }
  }

  private void run(Batch batch, DjlSession session)
      throws BackendException, TensorRtException, CudaException {
    try {
      for (TensorSpec input : session.engine().inputs()) {
        feed(batch, input, session);
      }
      batch.inferStarts();
      session.run();
      batch.inferEnds();
    } finally {
      session.readOwn();
    }
  }

  private void feed(Batch batch, TensorSpec input, DjlSession session) throws BackendException {
    long[] shape = batch.inputShape(input.name());
    checkShape(input, shape);
    int byteSize = Math.toIntExact(Shapes.elementCount(shape) * input.type().byteSize());
    ByteBuffer memory = session.memory(input.name());
    if (batch.size() == 1 && byteSize == memory.capacity()) {
      session.readFrom(input.name(), batch.input(input.name()).slice());
    } else {
      batch.copyInput(input.name(), memory.limit(byteSize));
    }
  }

  /** Memory is bound: what has another shape, which a config may leave open, does not fit. */
  private void checkShape(TensorSpec input, long[] shape) throws BackendException {
    long[] own = input.shape();
    int from = spec.isBatching() ? 1 : 0;
    if (own.length > 0
        && (shape.length != own.length
            || !Arrays.equals(shape, from, shape.length, own, from, own.length))) {
      throw new BackendException(
          "input '%s': shape %s (expected: %s but for the batch, since DJL's engine has fixed shapes)"
              .formatted(input.name(), Shapes.text(shape), Shapes.text(own)));
    }
  }

  private void copyOut(Batch batch, int rows, TensorSpec configured, DjlSession session) {
    TensorSpec output =
        session.engine().outputs().stream()
            .filter(other -> other.name().equals(configured.name()))
            .findFirst()
            .orElseThrow();
    // A config has no scalars: it writes one as a dimension of 1.
    long[] shape = output.shape().length == 0 ? configured.shape() : output.shape();
    if (spec.isBatching()) {
      shape[0] = rows;
    }
    int byteSize = Math.toIntExact(Shapes.elementCount(shape) * output.type().byteSize());
    batch
        .output(output.name(), output.type(), shape, byteSize)
        .put(session.memory(output.name()).limit(byteSize));
  }

  @Override
  public Optional<String> fault() {
    return Optional.ofNullable(fault);
  }

  @Override
  public void close() {
    sessions.values().forEach(DjlSession::close);
    sessions.clear();
  }
}
