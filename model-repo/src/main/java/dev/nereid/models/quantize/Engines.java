package dev.nereid.models.quantize;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;

/** The engines of this process. */
@FunctionalInterface
public interface Engines {

  /**
   * A backend, started; the caller does not close it.
   *
   * @param name as {@code onnxruntime}
   * @throws BackendException if there is none, or it does not start
   */
  Backend backend(String name) throws BackendException;
}
