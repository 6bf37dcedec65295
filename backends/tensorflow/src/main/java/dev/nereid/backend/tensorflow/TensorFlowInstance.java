package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Batch;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.tensorflow.TensorFlowModel.Port;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.tensorflow.internal.c_api.TF_Buffer;
import org.tensorflow.internal.c_api.TF_Operation;
import org.tensorflow.internal.c_api.TF_Output;
import org.tensorflow.internal.c_api.TF_Session;
import org.tensorflow.internal.c_api.TF_Tensor;
import org.tensorflow.internal.c_api.global.tensorflow;

/**
 * One thread's use of a model's session, and the way of a batch through it:
 *
 * <ol>
 *   <li>Each input is gathered from its requests straight into a tensor that TensorFlow allocated:
 *       one copy, which a batch of several requests needs in any case. A tensor over the server's
 *       own memory would spare it for a batch of one, but TensorFlow counts references to a tensor
 *       and may keep one: a model that assigns an input to a variable does, and would then read
 *       memory that the server has given to another request.
 *   <li>The session runs, for the outputs that are asked for.
 *   <li>Each output is copied, once, from where TensorFlow left it into the server's memory.
 * </ol>
 *
 * Every native object is freed here: the arrays with the instance, the tensors with their batch.
 */
final class TensorFlowInstance implements ModelInstance {

  private final TF_Session session;
  private final boolean batching;
  private final List<Port> inputs;
  private final List<Port> outputs;
  private final StringBatches strings = new StringBatches();

  private final TfStatus status = new TfStatus();
  private final TF_Output feeds;
  private final PointerPointer<TF_Tensor> feedTensors;
  private final TF_Output fetches;
  private final PointerPointer<TF_Tensor> fetchTensors;
  private final List<Port> fetched = new ArrayList<>();
  private final List<TF_Tensor> results = new ArrayList<>();
  private final List<TF_Tensor> fed = new ArrayList<>();

  TensorFlowInstance(TF_Session session, boolean batching, List<Port> inputs, List<Port> outputs) {
    this.session = session;
    this.batching = batching;
    this.inputs = List.copyOf(inputs);
    this.outputs = List.copyOf(outputs);
    this.feeds = new TF_Output(Math.max(1, inputs.size()));
    this.feedTensors = new PointerPointer<>(Math.max(1, inputs.size()));
    this.fetches = new TF_Output(Math.max(1, outputs.size()));
    this.fetchTensors = new PointerPointer<>(Math.max(1, outputs.size()));
    for (int i = 0; i < inputs.size(); i++) {
      set(feeds, i, inputs.get(i));
    }
  }

  private static void set(TF_Output array, int i, Port port) {
    array.position(i).oper(port.operation()).index(port.index());
    array.position(0);
  }

  @Override
  public void execute(Batch batch) throws BackendException {
    try {
      for (int i = 0; i < inputs.size(); i++) {
        TF_Tensor tensor = feed(inputs.get(i), batch);
        fed.add(tensor);
        feedTensors.put(i, tensor);
      }
      choose(batch);
      if (!strings.anyLeft(batch) || fetched.isEmpty()) {
        return;
      }
      batch.inferStarts();
      run();
      batch.inferEnds();
      for (int i = 0; i < fetched.size(); i++) {
        copyOut(fetched.get(i), results.get(i), batch);
      }
    } finally {
      release();
    }
  }

  private TF_Tensor feed(Port input, Batch batch) throws BackendException {
    String name = input.configured().name();
    long[] shape = input.scalar() ? new long[0] : batch.inputShape(name);
    DataType type = input.configured().type();
    if (type == DataType.BYTES) {
      return strings.gather(name, shape, batch);
    }
    TF_Tensor tensor = Tensors.allocate(type, shape, Shapes.elementCount(shape) * type.byteSize());
    try {
      batch.copyInput(name, Tensors.bytes(tensor));
      return tensor;
    } catch (BackendException | RuntimeException e) {
      tensorflow.TF_DeleteTensor(tensor);
      throw e;
    }
  }

  private void choose(Batch batch) {
    for (Port output : outputs) {
      if (batch.wantsOutput(output.configured().name())) {
        set(fetches, fetched.size(), output);
        fetchTensors.put(fetched.size(), (Pointer) null);
        fetched.add(output);
      }
    }
  }

  private void run() throws BackendException {
    tensorflow.TF_SessionRun(
        session,
        (TF_Buffer) null,
        feeds,
        feedTensors,
        inputs.size(),
        fetches,
        fetchTensors,
        fetched.size(),
        (PointerPointer<TF_Operation>) null,
        0,
        (TF_Buffer) null,
        status.handle());
    status.check("");
    for (int i = 0; i < fetched.size(); i++) {
      results.add(fetchTensors.get(TF_Tensor.class, i));
    }
  }

  private void copyOut(Port output, TF_Tensor tensor, Batch batch) throws BackendException {
    String name = output.configured().name();
    DataType type = output.configured().type();
    long[] shape = output.scalar() ? output.configured().shape() : Tensors.shape(tensor);
    if (tensorflow.TF_TensorType(tensor) != TfTypes.number(type)) {
      throw new BackendException(
          "output '%s': TensorFlow's type %d (expected: %s)"
              .formatted(name, tensorflow.TF_TensorType(tensor), type));
    }
    if (batching && (shape.length == 0 || shape[0] != batch.rows())) {
      throw new BackendException(
          "output '%s': shape %s (expected: a first dimension of %d, the rows of the batch)"
              .formatted(name, Shapes.text(shape), batch.rows()));
    }
    if (type == DataType.BYTES) {
      strings.scatter(name, tensor, shape, batch);
    } else {
      ByteBuffer bytes = Tensors.bytes(tensor);
      batch.output(name, type, shape, bytes.remaining()).put(bytes);
    }
  }

  private void release() {
    results.forEach(tensorflow::TF_DeleteTensor);
    results.clear();
    fetched.clear();
    fed.forEach(tensorflow::TF_DeleteTensor);
    fed.clear();
    strings.clear();
  }

  @Override
  public void close() {
    feeds.close();
    feedTensors.close();
    fetches.close();
    fetchTensors.close();
    status.close();
  }
}
