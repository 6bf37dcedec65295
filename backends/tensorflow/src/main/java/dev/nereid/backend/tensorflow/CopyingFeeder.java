package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Batch;
import java.nio.ByteBuffer;
import org.tensorflow.internal.c_api.TF_Tensor;
import org.tensorflow.internal.c_api.global.tensorflow;

/**
 * Gathers each input from its requests straight into a tensor that TensorFlow allocated: one copy,
 * which a batch of several requests needs in any case. A tensor over the server's own memory would
 * spare it for a batch of one, but TensorFlow counts references to a tensor and may keep one: a
 * model that assigns an input to a variable does, and would then read memory that the server has
 * given to another request.
 */
final class CopyingFeeder implements Feeder {

  @Override
  public TF_Tensor feed(int i, Port port, Batch batch, PaddedShape shape) throws BackendException {
    TF_Tensor tensor = Tensors.allocate(port.configured().type(), shape.shape(), shape.byteSize());
    try {
      ByteBuffer bytes = Tensors.bytes(tensor);
      shape.copyOwn(port.configured().name(), batch, bytes);
      shape.fillRest(bytes);
      return tensor;
    } catch (BackendException | RuntimeException e) {
      tensorflow.TF_DeleteTensor(tensor);
      throw e;
    }
  }

  @Override
  public void awaitReleased() {}

  @Override
  public void close() {}
}
