package dev.nereid.server.inference;

import java.util.List;

/**
 * The answer to one request.
 *
 * @param outputs one reference to each tensor's memory belongs to whoever holds the response
 */
public record InferenceResponse(List<Tensor> outputs) {

  /** Gives the outputs' memory back; call once, when they are written or will never be. */
  public void release() {
    for (Tensor output : outputs) {
      output.data().release();
    }
  }
}
