package dev.nereid.backend.onnxruntime;

import ai.onnxruntime.OrtSession;

/**
 * An instance's session.
 *
 * @param own whether it ends with the instance; a shared one ends with the model
 */
record SessionLease(OrtSession session, boolean own) implements AutoCloseable {

  @Override
  public void close() {
    if (own) {
      OnnxModel.close(session);
    }
  }
}
