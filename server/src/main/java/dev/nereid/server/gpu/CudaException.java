package dev.nereid.server.gpu;

/**
 * What the CUDA driver did not do. The message names the function, and the error by its name,
 * number and the driver's own words.
 */
public final class CudaException extends Exception {

  private static final long serialVersionUID = 1L;

  private static final int OUT_OF_MEMORY = 2;

  private final int code;
  private final String errorName;

  /** An error that the driver returned. */
  CudaException(String function, int code, String errorName, String text) {
    super("%s: %s (%d): %s".formatted(function, errorName, code, text));
    this.code = code;
    this.errorName = errorName;
  }

  /** There is no driver, or it lacks a function: nothing was called. */
  CudaException(String message, Throwable cause) {
    super(message, cause);
    code = 0;
    errorName = "";
  }

  /** The driver's {@code CUresult}; 0 where no function could be called. */
  public int code() {
    return code;
  }

  /** As {@code CUDA_ERROR_OUT_OF_MEMORY}; empty where no function could be called. */
  public String errorName() {
    return errorName;
  }

  /** Whether the device, or page-locked memory, was used up: what may be otherwise later. */
  public boolean isOutOfMemory() {
    return code == OUT_OF_MEMORY;
  }
}
