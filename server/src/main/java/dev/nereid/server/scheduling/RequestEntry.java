package dev.nereid.server.scheduling;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.BatchEntry;
import dev.nereid.backend.DeviceTensor;
import dev.nereid.backend.InputTensor;
import dev.nereid.server.inference.DevicePart;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.inference.Tensor;
import dev.nereid.server.metrics.FailureReason;
import dev.nereid.tensor.DataType;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One request of a {@link RequestBatch}, with the outputs that are its own. */
final class RequestEntry implements BatchEntry {

  private final ModelLayout layout;
  private final QueuedRequest queued;
  private @Nullable OutputTensor @Nullable [] outputs;
  private @Nullable FailureReason failure;

  /** Inputs that lie on a GPU which the instance does not reach, by name. */
  private Map<String, ByteBuf> brought = Map.of();

  RequestEntry(ModelLayout layout, QueuedRequest queued) {
    this.layout = layout;
    this.queued = queued;
  }

  @Override
  public String id() {
    return queued.request.id();
  }

  @Override
  public int rows() {
    return queued.rows();
  }

  @Override
  public Map<String, Object> parameters() {
    return queued.request.parameters();
  }

  @Override
  public @Nullable InputTensor input(String name) {
    @Nullable Tensor tensor = tensor(name);
    return tensor == null
        ? null
        : new InputTensor(
            name,
            tensor.type(),
            tensor.shape(),
            onHost(tensor).nioBuffer().order(ByteOrder.LITTLE_ENDIAN));
  }

  @Override
  public @Nullable DeviceTensor deviceInput(String name, int device) {
    @Nullable Tensor tensor = tensor(name);
    @Nullable DevicePart there = tensor == null ? null : tensor.onDevice();
    return there == null || there.device() != device
        ? null
        : new DeviceTensor(there.address(), there.byteSize());
  }

  @Override
  public @Nullable DeviceTensor deviceOutput(
      String name, DataType type, long[] shape, long byteSize, int device) {
    @Nullable DevicePart place = queued.request.place(name);
    if (place == null || place.device() != device || byteSize > place.byteSize()) {
      return null;
    }
    int index = layout.indexOfOutput(name);
    OutputTensor.check(layout, layout.outputs().get(index), rows(), type, shape);
    put(index, new OutputTensor(type, shape.clone(), Unpooled.EMPTY_BUFFER, place));
    return new DeviceTensor(place.address(), byteSize);
  }

  @Override
  public boolean wantsOutput(String name) {
    List<String> requested = queued.request.requestedOutputs();
    return requested.isEmpty() || requested.contains(name);
  }

  @Override
  public ByteBuffer output(String name, DataType type, long[] shape, long byteSize) {
    int index = layout.indexOfOutput(name);
    OutputTensor output =
        OutputTensor.allocate(
            layout,
            layout.outputs().get(index),
            rows(),
            type,
            shape,
            byteSize,
            layout.memory().outputs());
    put(index, output);
    return output.writable();
  }

  void outputFromInput(String outputName, Tensor input) {
    int index = layout.indexOfOutput(outputName);
    OutputTensor.check(layout, layout.outputs().get(index), rows(), input.type(), input.shape());
    put(index, new OutputTensor(input.type(), input.shape(), onHost(input).retainedSlice()));
  }

  @Override
  public void fail(BackendException reason) {
    if (failure == null) {
      fail(
          new InferenceException(StatusCode.INTERNAL, String.valueOf(reason.getMessage())),
          FailureReason.BACKEND);
    }
  }

  void fail(InferenceException reason, FailureReason counted) {
    failure = counted;
    queued.fail(reason);
  }

  /** Why it failed; null while it has not. */
  @Nullable FailureReason failure() {
    return failure;
  }

  boolean isAnswered() {
    return queued.isAnswered();
  }

  /**
   * One of its inputs in the host's memory: brought there from a GPU, if it lies on one, when this
   * is first asked. Blocks then. Where that fails this entry has failed, and its bytes are zeros,
   * so that the others of the batch run.
   *
   * @return not the caller's to release
   * @throws TensorMemoryExhaustedException where there is no memory for it
   */
  ByteBuf onHost(Tensor tensor) {
    @Nullable DevicePart there = tensor.onDevice();
    if (there == null) {
      return tensor.data();
    }
    @Nullable ByteBuf before = brought.get(tensor.name());
    if (before != null) {
      return before;
    }
    ByteBuf data;
    try {
      data = layout.memory().inputs().allocate(there.byteSize());
    } catch (InferenceException refusal) {
      throw new TensorMemoryExhaustedException(refusal);
    }
    if (brought.isEmpty()) {
      brought = new HashMap<>();
    }
    brought.put(tensor.name(), data);
    try {
      there.read(data);
    } catch (InferenceException lost) {
      data.setZero(0, data.capacity()).writerIndex(data.capacity());
      if (failure == null) {
        fail(lost, FailureReason.OTHER);
      }
    }
    return data;
  }

  @Nullable Tensor tensor(String name) {
    List<Tensor> inputs = queued.inputs();
    for (int i = 0; i < inputs.size(); i++) {
      if (inputs.get(i).name().equals(name)) {
        return inputs.get(i);
      }
    }
    return null;
  }

  /** Its own output of that place, if the backend gave one; its reference goes to the caller. */
  @Nullable OutputTensor takeOutput(int index) {
    if (outputs == null) {
      return null;
    }
    @Nullable OutputTensor output = outputs[index];
    outputs[index] = null;
    return output;
  }

  /** Gives back those outputs that nobody took, and what was brought from a GPU. */
  void release() {
    if (!brought.isEmpty()) {
      brought.values().forEach(ByteBuf::release);
      brought = Map.of();
    }
    if (outputs != null) {
      for (@Nullable OutputTensor output : outputs) {
        if (output != null) {
          output.data().release();
        }
      }
      outputs = null;
    }
  }

  private void put(int index, OutputTensor output) {
    @Nullable OutputTensor[] own = outputs;
    if (own == null) {
      own = new OutputTensor[layout.outputs().size()];
      outputs = own;
    }
    if (own[index] != null) {
      output.data().release();
      throw new MisbehavingBackendException(
          "output '%s' of model '%s': given twice (expected: once a request)"
              .formatted(layout.outputs().get(index).name(), layout.modelName()));
    }
    own[index] = output;
  }
}
