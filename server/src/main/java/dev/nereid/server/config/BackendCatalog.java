package dev.nereid.server.config;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;

/** The engines that a config may name. Thread-safe. */
@FunctionalInterface
public interface BackendCatalog {

  /**
   * The backend of that name, started. May block while it starts.
   *
   * @throws BackendException if there is none, with Triton's text, or if it cannot start
   */
  Backend backend(String name) throws BackendException;
}
