package dev.nereid.server.scheduling;

import dev.nereid.backend.Batch;
import dev.nereid.backend.BatchEntry;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.InferenceResponse;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.inference.Tensor;
import dev.nereid.server.metrics.CloseReason;
import dev.nereid.server.metrics.Execution;
import dev.nereid.server.metrics.FailureReason;
import dev.nereid.tensor.DataType;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one execution: to the backend a {@link Batch}, to the statistics an {@link
 * Execution}. One thread at a time.
 *
 * <ul>
 *   <li>An input of one request is handed out where it lies; of several it is copied end to end,
 *       once, when the backend first asks.
 *   <li>An output is written once and cut apart by rows without a copy: every answer holds a
 *       reference to the whole, whose memory goes back with the last of them.
 *   <li>{@link #finish} or {@link #failAll}, then {@link #release}: after that nothing of the batch
 *       is held but by the answers.
 * </ul>
 */
final class RequestBatch implements Batch, Execution {

  private final ModelLayout layout;
  private final Clock clock;
  private final QueuedRequest[] requests;
  private final RequestEntry[] entries;
  private final int rows;
  private final CloseReason closeReason;
  private final long computeStartNanos;
  private String gpuUuid = "";
  private long inferStartNanos;
  private long inferEndNanos;
  private long computeEndNanos;
  private boolean inferHasStarted;
  private boolean inferHasEnded;

  private @Nullable List<GatheredInput> gathered;
  private final @Nullable OutputTensor[] outputs;

  /** One input of several requests, end to end. */
  private record GatheredInput(String name, ByteBuf data) {}

  /**
   * @param requests at least one; more than one only where the model batches
   * @param computeStartNanos when an instance took them
   */
  RequestBatch(
      ModelLayout layout,
      Clock clock,
      QueuedRequest[] requests,
      int rows,
      CloseReason closeReason,
      long computeStartNanos) {
    this.layout = layout;
    this.clock = clock;
    this.requests = requests;
    this.rows = rows;
    this.closeReason = closeReason;
    this.computeStartNanos = computeStartNanos;
    outputs = new OutputTensor[layout.outputs().size()];
    entries = new RequestEntry[requests.length];
    for (int i = 0; i < requests.length; i++) {
      entries[i] = new RequestEntry(layout, requests[i]);
    }
  }

  /** On which GPU it is counted; empty for none. */
  void runsOn(String uuid) {
    gpuUuid = uuid;
  }

  @Override
  public String gpuUuid() {
    return gpuUuid;
  }

  // What the backend sees.

  @Override
  public int size() {
    return requests.length;
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public BatchEntry entry(int i) {
    return entries[i];
  }

  @Override
  public ByteBuffer input(String name) {
    if (gathered != null) {
      for (GatheredInput input : gathered) {
        if (input.name().equals(name)) {
          return littleEndian(input.data());
        }
      }
    }
    if (requests.length == 1) {
      ByteBuf data = onHost(0, name);
      if (data.isDirect() && data.nioBufferCount() == 1) {
        return littleEndian(data);
      }
    }
    return littleEndian(gather(name));
  }

  @Override
  public void copyInput(String name, ByteBuffer destination) {
    for (int i = 0; i < requests.length; i++) {
      destination.put(onHost(i, name).nioBuffer());
    }
  }

  @Override
  public long[] inputShape(String name) {
    long[] shape = tensorOf(0, name).shape().clone();
    if (layout.isBatching() && shape.length > 0) {
      shape[0] = rows;
    }
    return shape;
  }

  @Override
  public ByteBuffer output(String name, DataType type, long[] shape, long byteSize) {
    int index = layout.indexOfOutput(name);
    if (outputs[index] != null) {
      throw new MisbehavingBackendException(
          "output '%s' of model '%s': given twice (expected: once a batch)"
              .formatted(name, layout.modelName()));
    }
    OutputTensor output =
        OutputTensor.allocate(
            layout,
            layout.outputs().get(index),
            rows,
            type,
            shape,
            byteSize,
            layout.memory().outputs());
    outputs[index] = output;
    return output.writable();
  }

  @Override
  public void outputFromInput(String outputName, String inputName) {
    for (int i = 0; i < requests.length; i++) {
      entries[i].outputFromInput(outputName, tensorOf(i, inputName));
    }
  }

  @Override
  public boolean wantsOutput(String name) {
    for (RequestEntry entry : entries) {
      if (entry.wantsOutput(name)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void inferStarts() {
    inferHasStarted = true;
    inferStartNanos = clock.nanoTime();
  }

  @Override
  public void inferEnds() {
    inferHasEnded = true;
    inferEndNanos = clock.nanoTime();
  }

  private Tensor tensorOf(int i, String name) {
    @Nullable Tensor tensor = entries[i].tensor(name);
    if (tensor == null) {
      throw new MisbehavingBackendException(
          "input '%s' of model '%s': not in the batch (expected: one of %s)"
              .formatted(
                  name,
                  layout.modelName(),
                  requests[i].inputs().stream().map(Tensor::name).toList()));
    }
    return tensor;
  }

  private ByteBuf onHost(int i, String name) {
    return entries[i].onHost(tensorOf(i, name));
  }

  private ByteBuf gather(String name) {
    long byteSize = 0;
    for (int i = 0; i < requests.length; i++) {
      byteSize += onHost(i, name).readableBytes();
    }
    ByteBuf all;
    try {
      all = layout.memory().inputs().allocate(byteSize);
    } catch (InferenceException refusal) {
      throw new TensorMemoryExhaustedException(refusal);
    }
    for (int i = 0; i < requests.length; i++) {
      ByteBuf data = onHost(i, name);
      all.writeBytes(data, data.readerIndex(), data.readableBytes());
    }
    if (gathered == null) {
      gathered = new ArrayList<>(requests[0].inputs().size());
    }
    gathered.add(new GatheredInput(name, all));
    return all;
  }

  private static ByteBuffer littleEndian(ByteBuf data) {
    return data.nioBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  // What the instance's thread does when the backend is done.

  /** Cuts the outputs apart and makes every entry's answer. */
  void finish() {
    int @Nullable [][] offsets = requests.length == 1 ? null : offsets();
    for (int i = 0; i < entries.length; i++) {
      if (entries[i].failure() == null) {
        finish(i, offsets);
      }
    }
    end();
  }

  private void finish(int i, int @Nullable [][] offsets) {
    RequestEntry entry = entries[i];
    List<Tensor> answer = new ArrayList<>(outputs.length);
    boolean complete = false;
    try {
      for (int o = 0; o < outputs.length; o++) {
        ModelOutput output = layout.outputs().get(o);
        if (!entry.wantsOutput(output.name())) {
          continue;
        }
        @Nullable OutputTensor written = entry.takeOutput(o);
        if (written == null) {
          written = offsets == null ? takeWhole(o) : slice(o, i, offsets);
        }
        if (written == null) {
          entry.fail(
              new InferenceException(
                  StatusCode.INTERNAL,
                  "output '%s' of model '%s': the backend did not give it"
                      .formatted(output.name(), layout.modelName())),
              FailureReason.BACKEND);
          return;
        }
        answer.add(
            new Tensor(
                output.name(),
                written.type(),
                clientShape(output, written),
                written.data(),
                written.onDevice()));
      }
      complete = true;
    } finally {
      if (!complete) {
        new InferenceResponse(answer).release();
      }
    }
    requests[i].answer(new InferenceResponse(answer));
  }

  private static long[] clientShape(ModelOutput output, OutputTensor written) {
    try {
      return output.clientShape().apply(written.shape());
    } catch (RuntimeException unshapeable) {
      written.data().release();
      throw unshapeable;
    }
  }

  private @Nullable OutputTensor takeWhole(int o) {
    @Nullable OutputTensor whole = outputs[o];
    outputs[o] = null;
    return whole;
  }

  private @Nullable OutputTensor slice(int o, int i, int[][] offsets) {
    @Nullable OutputTensor whole = outputs[o];
    if (whole == null) {
      return null;
    }
    long[] shape = whole.shape().clone();
    shape[0] = requests[i].rows();
    int start = offsets[o][i];
    int byteSize = offsets[o][i + 1] - start;
    return new OutputTensor(whole.type(), shape, whole.data().retainedSlice(start, byteSize));
  }

  private int[][] offsets() {
    int[] entryRows = new int[requests.length];
    for (int i = 0; i < requests.length; i++) {
      entryRows[i] = requests[i].rows();
    }
    int[][] offsets = new int[outputs.length][];
    for (int o = 0; o < outputs.length; o++) {
      @Nullable OutputTensor output = outputs[o];
      offsets[o] =
          output == null
              ? new int[0]
              : RowOffsets.of(layout.outputs().get(o).name(), output, entryRows);
    }
    return offsets;
  }

  /** Fails every entry that has no answer and was not failed before. */
  void failAll(InferenceException reason, FailureReason counted) {
    for (RequestEntry entry : entries) {
      if (entry.failure() == null && !entry.isAnswered()) {
        entry.fail(reason, counted);
      }
    }
    end();
  }

  /** Fails what has no outcome, since something that is ours broke on the way to one. */
  void failForgotten() {
    for (int i = 0; i < entries.length; i++) {
      if (!requests[i].hasOutcome()) {
        entries[i].fail(
            new InferenceException(
                StatusCode.INTERNAL,
                requests[i].request.logPrefix()
                    + "the server lost the answer of model '"
                    + layout.modelName()
                    + "'; its log says why"),
            FailureReason.OTHER);
      }
    }
  }

  private void end() {
    computeEndNanos = clock.nanoTime();
    if (!inferHasStarted) {
      inferStartNanos = inferHasEnded ? inferEndNanos : computeStartNanos;
    }
    if (!inferHasEnded) {
      inferEndNanos = computeEndNanos;
    }
  }

  /** Gives back everything that no answer holds: the requests' inputs, gathered ones, outputs. */
  void release() {
    for (QueuedRequest request : requests) {
      request.request.release();
    }
    if (gathered != null) {
      gathered.forEach(input -> input.data().release());
      gathered = null;
    }
    for (@Nullable OutputTensor output : outputs) {
      if (output != null) {
        output.data().release();
      }
    }
    Arrays.fill(outputs, null);
    for (RequestEntry entry : entries) {
      entry.release();
    }
  }

  /** The i-th of {@link #size}. */
  QueuedRequest request(int i) {
    return requests[i];
  }

  // What the statistics see.

  @Override
  public int batchSize() {
    return layout.isBatching() ? rows : 0;
  }

  @Override
  public CloseReason closeReason() {
    return closeReason;
  }

  @Override
  public long computeStartNanos() {
    return computeStartNanos;
  }

  @Override
  public long inferStartNanos() {
    return inferStartNanos;
  }

  @Override
  public long inferEndNanos() {
    return inferEndNanos;
  }

  @Override
  public long computeEndNanos() {
    return computeEndNanos;
  }

  @Override
  public int requests() {
    return requests.length;
  }

  @Override
  public int rows(int i) {
    return requests[i].rows();
  }

  @Override
  public long receivedNanos(int i) {
    return requests[i].request.receivedNanos();
  }

  @Override
  public long enqueuedNanos(int i) {
    return requests[i].enqueuedNanos();
  }

  @Override
  public @Nullable FailureReason failure(int i) {
    return entries[i].failure();
  }
}
