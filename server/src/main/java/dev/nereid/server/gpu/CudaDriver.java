package dev.nereid.server.gpu;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The CUDA driver's library, which comes with the driver: no CUDA toolkit is needed.
 *
 * <p>It stays loaded until the process ends, as CUDA asks. Thread-safe; a context that is made
 * current is so for one thread.
 */
public final class CudaDriver {

  /** As the driver installs it. */
  public static final String LIBRARY = "libcuda.so.1";

  private static final int SUCCESS = 0;
  private static final int NO_DEVICE = 100;

  // CUdevice_attribute
  private static final int COMPUTE_CAPABILITY_MAJOR = 75;
  private static final int COMPUTE_CAPABILITY_MINOR = 76;

  private static final int NAME_BYTES = 256;
  private static final int PCI_BUS_ID_BYTES = 32;
  private static final int UUID_BYTES = 16;

  private final NativeLibrary library;

  private CudaDriver(NativeLibrary library) {
    this.library = library;
  }

  /** {@link #open(String)} of the library as the driver installs it. */
  public static CudaDriver open() throws CudaException {
    return open(LIBRARY);
  }

  /**
   * Loads the driver's library and starts it.
   *
   * @param library a name for the system's loader to find, or a path
   * @throws CudaException if there is none, or it does not start: no driver, no device, a library
   *     that does not fit the kernel's part of the driver
   */
  public static CudaDriver open(String library) throws CudaException {
    CudaDriver driver;
    try {
      driver = new CudaDriver(NativeLibrary.getInstance(library));
    } catch (LinkageError e) {
      throw new CudaException(Libraries.reason(library, e), e);
    }
    driver.call("cuInit", 0);
    return driver;
  }

  /**
   * Calls a function that returns a {@code CUresult}.
   *
   * @param function by the name of its symbol, with {@code _v2} where there is one
   * @param arguments {@code int}, {@code long} ({@code size_t} and {@code CUdeviceptr}), {@link
   *     Pointer} or null, a reference for what comes back
   * @throws CudaException if the driver lacks it, or it returns an error
   */
  public void call(String function, @Nullable Object... arguments) throws CudaException {
    int code = function(function).invokeInt(arguments);
    if (code != SUCCESS) {
      throw new CudaException(
          function, code, text("cuGetErrorName", code), text("cuGetErrorString", code));
    }
  }

  /** Whether the driver has a function; an old one lacks those that came later. */
  public boolean has(String function) {
    try {
      Function unused = library.getFunction(function);
      return true;
    } catch (UnsatisfiedLinkError e) {
      return false;
    }
  }

  private Function function(String name) throws CudaException {
    try {
      return library.getFunction(name);
    } catch (UnsatisfiedLinkError e) {
      throw new CudaException(
          "%s: not in %s (expected: a newer driver)".formatted(name, library.getName()), e);
    }
  }

  /** The driver's name or words for an error; they are there before the driver has started, too. */
  private String text(String function, int code) {
    PointerByReference text = new PointerByReference();
    try {
      int result = function(function).invokeInt(new Object[] {code, text});
      Pointer found = text.getValue();
      return result == SUCCESS && found != null
          ? found.getString(0, "UTF-8")
          : "unknown CUDA error " + code;
    } catch (CudaException e) {
      return "unknown CUDA error " + code;
    }
  }

  /** The newest CUDA that this driver runs: 12040 for 12.4. */
  public int version() throws CudaException {
    IntByReference version = new IntByReference();
    call("cuDriverGetVersion", version);
    return version.getValue();
  }

  /** GPUs that this process sees: {@code CUDA_VISIBLE_DEVICES} may hide some. */
  public int deviceCount() throws CudaException {
    IntByReference count = new IntByReference();
    try {
      call("cuDeviceGetCount", count);
    } catch (CudaException e) {
      if (e.code() == NO_DEVICE) {
        return 0;
      }
      throw e;
    }
    return count.getValue();
  }

  /**
   * The handle ({@code CUdevice}) that the functions below take.
   *
   * @param index less than {@link #deviceCount}
   */
  public int device(int index) throws CudaException {
    IntByReference device = new IntByReference();
    call("cuDeviceGet", device, index);
    return device.getValue();
  }

  /** As {@code NVIDIA H100 80GB HBM3}. */
  public String name(int device) throws CudaException {
    try (Memory name = zeroed(NAME_BYTES)) {
      call("cuDeviceGetName", name, NAME_BYTES, device);
      return name.getString(0, "UTF-8");
    }
  }

  /**
   * As {@code GPU-8f3c1c4e-…}, or {@code MIG-…} where the device is a slice of a GPU: the names
   * that {@code CUDA_VISIBLE_DEVICES}, NVML and Triton's metrics know it by.
   */
  public String uuid(int device) throws CudaException {
    String gpu = uuid("cuDeviceGetUuid", device);
    if (!has("cuDeviceGetUuid_v2")) {
      return "GPU-" + gpu;
    }
    // Of a slice the first has the GPU's, and the second the slice's own.
    String own = uuid("cuDeviceGetUuid_v2", device);
    return (own.equals(gpu) ? "GPU-" : "MIG-") + own;
  }

  private String uuid(String function, int device) throws CudaException {
    try (Memory uuid = zeroed(UUID_BYTES)) {
      call(function, uuid, device);
      StringBuilder text = new StringBuilder(36);
      for (int i = 0; i < UUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
          text.append('-');
        }
        text.append(String.format(Locale.ROOT, "%02x", uuid.getByte(i) & 0xff));
      }
      return text.toString();
    }
  }

  /** As {@code 0000:17:00.0}, in lower case, which is how the kernel writes it. */
  public String pciBusId(int device) throws CudaException {
    try (Memory id = zeroed(PCI_BUS_ID_BYTES)) {
      call("cuDeviceGetPCIBusId", id, PCI_BUS_ID_BYTES, device);
      return id.getString(0, StandardCharsets.US_ASCII.name()).toLowerCase(Locale.ROOT);
    }
  }

  /** One {@code CUdevice_attribute}, by its number. */
  public int attribute(int attribute, int device) throws CudaException {
    IntByReference value = new IntByReference();
    call("cuDeviceGetAttribute", value, attribute, device);
    return value.getValue();
  }

  /** What code it runs: 7.5 for a T4, 9.0 for an H100. */
  public ComputeCapability computeCapability(int device) throws CudaException {
    return new ComputeCapability(
        attribute(COMPUTE_CAPABILITY_MAJOR, device), attribute(COMPUTE_CAPABILITY_MINOR, device));
  }

  /** Its memory, in bytes. */
  public long totalMemoryBytes(int device) throws CudaException {
    LongByReference bytes = new LongByReference();
    call("cuDeviceTotalMem_v2", bytes, device);
    return bytes.getValue();
  }

  /**
   * Takes hold of the context that everything in this process shares on a device, the CUDA runtime
   * and the engines on top of it too. Making it costs a second and some hundred MB of the device's
   * memory, where nobody holds it yet.
   *
   * @return to be closed
   */
  public CudaContext retainContext(int device) throws CudaException {
    PointerByReference context = new PointerByReference();
    call("cuDevicePrimaryCtxRetain", context, device);
    return new CudaContext(this, device, context.getValue());
  }

  private static Memory zeroed(int bytes) {
    Memory memory = new Memory(bytes);
    memory.clear();
    return memory;
  }
}
