package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Batch;
import dev.nereid.backend.BatchLane;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.tensorflow.internal.c_api.TF_Tensor;
import org.tensorflow.internal.c_api.global.tensorflow;

/**
 * One use of a model's session at a time, and the way of a batch through it:
 *
 * <ol>
 *   <li>Each input becomes a tensor, by the model's {@link Feeder}, with more rows than the batch
 *       has where the model is run with some batch sizes alone.
 *   <li>The session runs, for the outputs that are asked for; on a GPU for all of them, since
 *       TensorFlow prepares a graph, weights and engines included, for every set of outputs.
 *   <li>Each output is copied, once, from where TensorFlow left it into the server's memory.
 * </ol>
 *
 * Every native object is freed here: the arrays with the lane, the tensors with their batch.
 */
final class TensorFlowLane implements BatchLane {

  private final PlacedModel model;
  private final Feeder feeder;
  private final SessionCall call;
  private final StringBatches strings = new StringBatches();
  private final List<Port> fetched = new ArrayList<>();
  private final List<TF_Tensor> fed = new ArrayList<>();

  /** Of the tensors, those that only fill up among them. */
  private int rows;

  TensorFlowLane(PlacedModel model) {
    this.model = model;
    this.call = model.newCall();
    this.feeder = model.newFeeder();
  }

  @Override
  public boolean feed(Batch batch) throws BackendException {
    rows = model.padding().rows(batch.rows());
    List<Port> inputs = model.inputs();
    for (int i = 0; i < inputs.size(); i++) {
      TF_Tensor tensor = feed(i, inputs.get(i), batch);
      fed.add(tensor);
      call.feed(i, tensor);
    }
    choose(batch);
    return strings.anyLeft(batch) && !fetched.isEmpty();
  }

  @Override
  public void run(Batch batch) throws BackendException {
    try {
      batch.inferStarts();
      call.run();
      batch.inferEnds();
    } catch (BackendException e) {
      model.fault().saw(String.valueOf(e.getMessage()));
      throw e;
    }
  }

  @Override
  public void answer(Batch batch) throws BackendException {
    for (int i = 0; i < fetched.size(); i++) {
      if (batch.wantsOutput(fetched.get(i).configured().name())) {
        copyOut(fetched.get(i), call.result(i), batch);
      }
    }
  }

  private TF_Tensor feed(int i, Port input, Batch batch) throws BackendException {
    PaddedShape shape = PaddedShape.of(input, batch, rows, model.isBatching());
    if (input.configured().type() == DataType.BYTES) {
      return strings.gather(input.configured().name(), shape.shape(), batch);
    }
    return feeder.feed(i, input, batch, shape);
  }

  private void choose(Batch batch) {
    for (Port output : model.outputs()) {
      if (model.fetchesAll() || batch.wantsOutput(output.configured().name())) {
        call.fetch(output.endpoint());
        fetched.add(output);
      }
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
    if (model.isBatching()) {
      if (shape.length == 0 || shape[0] != rows) {
        throw new BackendException(
            "output '%s': shape %s (expected: a first dimension of %d, the rows of the batch)"
                .formatted(name, Shapes.text(shape), rows));
      }
      // The rows behind them are nobody's.
      shape[0] = batch.rows();
    }
    if (type == DataType.BYTES) {
      strings.scatter(name, tensor, shape, batch);
    } else {
      ByteBuffer all = Tensors.bytes(tensor);
      int own =
          model.isBatching()
              ? (int) ((long) all.remaining() / rows * batch.rows())
              : all.remaining();
      batch.output(name, type, shape, own).put(all.slice(0, own));
    }
  }

  @Override
  public void release() {
    call.deleteResults();
    call.clearFetches();
    fetched.clear();
    fed.forEach(tensorflow::TF_DeleteTensor);
    fed.clear();
    feeder.awaitReleased();
    strings.clear();
  }

  @Override
  public Optional<String> fault() {
    return model.fault().message();
  }

  @Override
  public void close() {
    call.close();
    feeder.close();
  }
}
