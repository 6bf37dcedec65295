package dev.nereid.backend.onnxruntime;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import dev.nereid.backend.BackendException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The GPUs that this process sees, as the driver's own library tells them: in the order, and under
 * the restrictions, in which the engine will find them.
 */
final class Gpus {

  /** Comes with the driver, and with nothing else. */
  static final String DRIVER = "libcuda.so.1";

  /** The engine is built with CUDA 12, which every driver from that version on can run. */
  static final int LEAST_CUDA = 12_000;

  private static final int SUCCESS = 0;
  private static final int NAME_BYTES = 256;
  private static final int COMPUTE_CAPABILITY_MAJOR = 75;
  private static final int COMPUTE_CAPABILITY_MINOR = 76;

  /**
   * Errors after which a process has no use of a GPU any more: it lost memory or the device, or a
   * kernel ran wild. Every later call gives the same.
   */
  static final Set<Integer> STICKY =
      Set.of(214, 220, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 999);

  private final List<Gpu> gpus;
  private final String absence;
  private final @Nullable NativeLibrary driver;

  private Gpus(List<Gpu> gpus, String absence, @Nullable NativeLibrary driver) {
    this.gpus = List.copyOf(gpus);
    this.absence = absence;
    this.driver = driver;
  }

  /** No GPU, and why. */
  static Gpus none(String absence) {
    return new Gpus(List.of(), absence, null);
  }

  /** Asks the driver. */
  static Gpus find() {
    return find(DRIVER);
  }

  /**
   * Asks a driver.
   *
   * @param library its name or path
   */
  static Gpus find(String library) {
    NativeLibrary driver;
    try {
      driver = NativeLibrary.getInstance(library);
    } catch (UnsatisfiedLinkError e) {
      return none("there is no NVIDIA driver: " + LinkErrors.reason(e));
    }
    try {
      return ask(driver);
    } catch (DriverException | UnsatisfiedLinkError e) {
      return none("the NVIDIA driver says: " + e.getMessage());
    }
  }

  private static Gpus ask(NativeLibrary driver) throws DriverException {
    call(driver, "cuInit", 0);
    IntByReference number = new IntByReference();
    call(driver, "cuDriverGetVersion", number);
    int version = number.getValue();
    if (version < LEAST_CUDA) {
      return none(
          "the NVIDIA driver is for CUDA %d.%d (expected: 12.0 or newer)"
              .formatted(version / 1000, version % 1000 / 10));
    }
    call(driver, "cuDeviceGetCount", number);
    int count = number.getValue();
    List<Gpu> gpus = new ArrayList<>();
    try (Memory name = new Memory(NAME_BYTES)) {
      for (int i = 0; i < count; i++) {
        call(driver, "cuDeviceGet", number, i);
        int device = number.getValue();
        call(driver, "cuDeviceGetName", name, NAME_BYTES, device);
        gpus.add(
            new Gpu(
                i,
                name.getString(0),
                attribute(driver, COMPUTE_CAPABILITY_MAJOR, device),
                attribute(driver, COMPUTE_CAPABILITY_MINOR, device)));
      }
    }
    return new Gpus(gpus, gpus.isEmpty() ? "the NVIDIA driver sees no GPU" : "", driver);
  }

  private static int attribute(NativeLibrary driver, int attribute, int device)
      throws DriverException {
    IntByReference value = new IntByReference();
    call(driver, "cuDeviceGetAttribute", value, attribute, device);
    return value.getValue();
  }

  private static void call(NativeLibrary driver, String function, Object... arguments)
      throws DriverException {
    int code = driver.getFunction(function).invokeInt(arguments);
    if (code != SUCCESS) {
      throw new DriverException(function + ": error " + code + textOf(driver, code));
    }
  }

  private static String textOf(NativeLibrary driver, int code) {
    PointerByReference text = new PointerByReference();
    int found = driver.getFunction("cuGetErrorString").invokeInt(new Object[] {code, text});
    Pointer place = text.getValue();
    return found == SUCCESS && place != null ? ", " + place.getString(0) : "";
  }

  /** All of them, in the order of their indices. */
  List<Gpu> all() {
    return gpus;
  }

  /** Why there is none; empty where there is one. */
  String absence() {
    return absence;
  }

  /**
   * The GPU of an instance.
   *
   * @throws BackendException if there is none of that index, with the reason
   */
  Gpu get(int index) throws BackendException {
    if (gpus.isEmpty()) {
      throw new BackendException("KIND_GPU (expected: KIND_CPU, since " + absence + ")");
    }
    if (index < 0 || index >= gpus.size()) {
      throw new BackendException(
          "GPU "
              + index
              + " (expected: one of "
              + gpus.stream().map(Gpu::toString).collect(Collectors.joining(", "))
              + ")");
    }
    return gpus.get(index);
  }

  /**
   * The sticky error of the device that the calling thread last ran on, where it has one. Waits for
   * all that runs there.
   */
  OptionalInt stickyError() {
    if (driver == null) {
      return OptionalInt.empty();
    }
    int code = driver.getFunction("cuCtxSynchronize").invokeInt(new Object[0]);
    return STICKY.contains(code) ? OptionalInt.of(code) : OptionalInt.empty();
  }

  /** A call that the driver refused. */
  private static final class DriverException extends Exception {
    private static final long serialVersionUID = 1L;

    DriverException(String message) {
      super(message);
    }
  }
}
