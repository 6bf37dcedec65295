package dev.nereid.server.memory;

import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import java.nio.charset.StandardCharsets;

/**
 * The name of a POSIX shared memory object, as a client writes it: any number of slashes in front,
 * none inside. What leads elsewhere is refused here, whatever the C library makes of it.
 */
final class SharedMemoryKey {

  /** Of objects in which Triton's Python models keep their own state. */
  private static final String RESERVED_PREFIX = "triton_python_backend_shm_region_";

  private static final int LONGEST_BYTES = 255;

  private SharedMemoryKey() {}

  /**
   * What to open.
   *
   * @throws InferenceException with Triton's texts: INVALID_ARGUMENT for a name that it keeps to
   *     itself, INTERNAL for one that no object can have
   */
  static String objectName(SystemRegion region) throws InferenceException {
    String key = region.key();
    int start = 0;
    while (start < key.length() && key.charAt(start) == '/') {
      start++;
    }
    String name = key.substring(start);
    if (name.startsWith(RESERVED_PREFIX)) {
      throw new InferenceException(
          StatusCode.INVALID_ARGUMENT,
          "cannot register shared memory region '"
              + region.name()
              + "' with key '"
              + key
              + "' as the key contains the reserved prefix '"
              + RESERVED_PREFIX
              + "'");
    }
    if (name.isEmpty()
        || name.equals(".")
        || name.equals("..")
        || name.indexOf('/') >= 0
        || name.indexOf('\0') >= 0
        || name.getBytes(StandardCharsets.UTF_8).length > LONGEST_BYTES) {
      throw cannotOpen(key);
    }
    return "/" + name;
  }

  /** Triton's text for an object that is not there, or may not be opened. */
  static InferenceException cannotOpen(String key) {
    return new InferenceException(
        StatusCode.INTERNAL, "Unable to open shared memory region: '" + key + "'");
  }
}
