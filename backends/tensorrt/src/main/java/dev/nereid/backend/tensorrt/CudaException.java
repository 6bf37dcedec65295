package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import java.util.Set;

/** A CUDA call failed. */
final class CudaException extends Exception {

  private static final long serialVersionUID = 1L;

  static final int OUT_OF_MEMORY = 2;

  /**
   * Errors after which nothing runs any more in this process, on that device: every later call
   * gives them again.
   */
  private static final Set<Integer> STICKY =
      Set.of(
          214, // uncorrectable ECC error
          220, // uncorrectable NVLink error
          221, // JIT compiler gone
          226, // contained uncorrectable error
          700, // illegal address
          702, // launch timeout
          709, // context destroyed
          710, // assertion on the device
          714, // hardware stack error
          715, // illegal instruction
          716, // misaligned address
          717, // invalid address space
          718, // invalid program counter
          719, // launch failure
          721, // tensor memory leak
          46, // devices unavailable
          999 // unknown
          );

  private final int code;

  /**
   * @param code {@code cudaError_t}
   */
  CudaException(int code, String message) {
    super(message);
    this.code = code;
  }

  int code() {
    return code;
  }

  /** Whether the device is lost to this process. */
  boolean isSticky() {
    return isSticky(code);
  }

  static boolean isSticky(int code) {
    return STICKY.contains(code);
  }

  BackendException toBackendException() {
    return new BackendException(String.valueOf(getMessage()), this);
  }
}
