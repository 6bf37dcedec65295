package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.internal.c_api.global.tensorflow;

/** Where a call of the C API leaves its outcome. For one thread at a time. */
final class TfStatus implements AutoCloseable {

  private final TF_Status handle = tensorflow.TF_NewStatus();

  TF_Status handle() {
    return handle;
  }

  /**
   * Throws what the call before this left here, unless it went well.
   *
   * @param what comes before TensorFlow's own words
   */
  void check(String what) throws BackendException {
    if (tensorflow.TF_GetCode(handle) != tensorflow.TF_OK) {
      throw new BackendException(what + tensorflow.TF_Message(handle).getString());
    }
  }

  @Override
  public void close() {
    tensorflow.TF_DeleteStatus(handle);
  }
}
