package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Batch;
import org.tensorflow.internal.c_api.TF_Tensor;

/** Makes tensors of a batch's inputs, of types of a fixed size. Belongs to one instance. */
interface Feeder extends AutoCloseable {

  /**
   * @param i the input's number among the model's
   * @return for {@code TF_DeleteTensor}
   */
  TF_Tensor feed(int i, Port port, Batch batch, PaddedShape shape) throws BackendException;

  /**
   * Called when every tensor of a batch was deleted: returns once TensorFlow refers to nothing of
   * the batch any more.
   */
  void awaitReleased();

  @Override
  void close();
}
