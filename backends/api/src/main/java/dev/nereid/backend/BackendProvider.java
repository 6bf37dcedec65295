package dev.nereid.backend;

import java.util.Map;

/** Found by {@link java.util.ServiceLoader} in a backend's jars; made once a process. */
public interface BackendProvider {

  /** The backend's name as {@code backend:} in config.pbtxt says it. */
  String name();

  /**
   * Starts the backend: opens its native libraries, once.
   *
   * @param settings the {@code --backend-config=<name>,<key>=<value>} pairs of this backend
   * @throws BackendException if a library is missing, or a setting is unknown or malformed
   */
  Backend start(Map<String, String> settings) throws BackendException;
}
