package dev.nereid.backend.tensorrt;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import dev.nereid.backend.BackendException;

/**
 * CUDA's runtime of whatever 12 is here, each call checked: what is needed where JavaCPP's presets,
 * which {@link Cuda} calls, do not fit. Thread-safe.
 *
 * @param library open
 */
record CudaRuntime(NativeLibrary library) {

  private static final int NOT_READY = 600;
  private static final int PORTABLE = 1;

  /** Numbers of {@code cudaDeviceAttr}. */
  private static final int MULTIPROCESSORS = 16;

  private static final int MAJOR = 75;
  private static final int MINOR = 76;

  /** Larger than {@code cudaDeviceProp}, which begins with the name. */
  private static final int PROPERTIES_BYTES = 8192;

  /**
   * @throws BackendException if it is missing, or of another CUDA
   */
  static CudaRuntime open() throws BackendException {
    return new CudaRuntime(NativeLibraries.runtime());
  }

  /** Chooses the device of this thread. */
  void setDevice(int device) throws CudaException {
    call("cudaSetDevice", device);
  }

  /** Asks for a device of this process. */
  Gpu gpu(int index) throws CudaException {
    IntByReference count = new IntByReference();
    call("cudaGetDeviceCount", count);
    if (index < 0 || index >= count.getValue()) {
      throw new CudaException(101, "GPU " + index + " (expected: below " + count.getValue() + ")");
    }
    try (Memory properties = new Memory(PROPERTIES_BYTES)) {
      properties.clear();
      // The name that CUDA 12 has its own layout of the structure under.
      call("cudaGetDeviceProperties_v2", properties, index);
      return new Gpu(
          index,
          properties.getString(0, "UTF-8"),
          attribute(MAJOR, index),
          attribute(MINOR, index),
          attribute(MULTIPROCESSORS, index));
    }
  }

  private int attribute(int attribute, int device) throws CudaException {
    IntByReference value = new IntByReference();
    call("cudaDeviceGetAttribute", value, attribute, device);
    return value.getValue();
  }

  /** Free memory of this thread's device, in bytes. */
  long freeBytes() throws CudaException {
    LongByReference free = new LongByReference();
    LongByReference total = new LongByReference();
    call("cudaMemGetInfo", free, total);
    return free.getValue();
  }

  /** Throws if the device of this thread is lost; what it still has to do does not matter. */
  void checkDevice() throws CudaException {
    int status = invoke("cudaStreamQuery", (Object) Pointer.NULL);
    if (status != 0 && status != NOT_READY) {
      throw failure(status, "cudaStreamQuery");
    }
  }

  /**
   * Page-locked memory, which every device reads and writes at full speed; to be freed by {@link
   * #freeHost}.
   */
  Pointer hostAlloc(long byteSize) throws CudaException {
    PointerByReference memory = new PointerByReference();
    int status = invoke("cudaHostAlloc", memory, byteSize, PORTABLE);
    if (status != 0) {
      throw failure(status, "cudaHostAlloc of " + byteSize + " bytes");
    }
    return memory.getValue();
  }

  void freeHost(Pointer memory) throws CudaException {
    call("cudaFreeHost", memory);
  }

  private void call(String function, Object... arguments) throws CudaException {
    int status = invoke(function, arguments);
    if (status != 0) {
      throw failure(status, function);
    }
  }

  private int invoke(String function, Object... arguments) {
    return library.getFunction(function).invokeInt(arguments);
  }

  private CudaException failure(int status, String what) {
    // An error that does not stick is reported once more by the next call, unless it is read.
    int read = invoke("cudaGetLastError");
    return new CudaException(
        status == 0 ? read : status,
        "CUDA error %d in %s: %s (%s)"
            .formatted(
                status,
                what,
                text("cudaGetErrorString", status),
                text("cudaGetErrorName", status)));
  }

  private String text(String function, int status) {
    Pointer text = library.getFunction(function).invokePointer(new Object[] {status});
    return text == null ? "" : text.getString(0);
  }
}
