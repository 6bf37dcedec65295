package dev.nereid.backend.tensorrt;

import com.sun.jna.Function;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import dev.nereid.backend.BackendException;
import java.util.List;
import java.util.Map;

/**
 * Whether this machine has what the backend runs on, asked library by library before anything else
 * touches one: the presets' own errors name a Java class where a file is missing, and TensorRT ends
 * the process in some of these cases.
 */
final class NativeLibraries {

  static final String DRIVER = "libcuda.so.1";
  static final String RUNTIME = "libcudart.so.12";
  static final String TENSORRT = "libnvinfer.so.10";
  static final String ONNX_PARSER = "libnvonnxparser.so.10";
  static final String PLUGINS = "libnvinfer_plugin.so.10";

  /** What the presets' code links to, and nothing here calls: empty libraries do. */
  private static final List<String> LINKED =
      List.of(
          "libnvrtc.so.12",
          "libcublas.so.12",
          "libcublasLt.so.12",
          "libcudnn.so.9",
          "libcudnn_graph.so.9",
          "libcudnn_ops.so.9",
          "libcudnn_cnn.so.9",
          "libcudnn_adv.so.9");

  /** What the system's loader would end the process over, at the first call. */
  private static final List<String> CALLED =
      List.of(
          "createInferRuntime_INTERNAL",
          "createInferBuilder_INTERNAL",
          "getInferLibMajorVersion",
          "getInferLibMinorVersion",
          "getInferLibPatchVersion",
          "getInferLibBuildVersion");

  private static final int LEAST_CUDA = 12_000;
  private static final int LEAST_TENSORRT = 100_600;
  private static final int NEXT_TENSORRT = 110_000;

  /**
   * RTLD_LAZY, RTLD_GLOBAL as JNA has it, and RTLD_NODELETE: JNA closes a library that nobody
   * refers to any more, and TensorRT goes on to call the plug-ins of one that has registered some.
   */
  static final Map<String, Integer> KEPT = Map.of(Library.OPTION_OPEN_FLAGS, 0x1101);

  /** The same without RTLD_GLOBAL: nobody else is to find its symbols by this. */
  static final Map<String, Integer> KEPT_APART = Map.of(Library.OPTION_OPEN_FLAGS, 0x1001);

  private NativeLibraries() {}

  /**
   * Checks the driver and the GPU, which every TensorRT needs.
   *
   * @throws BackendException that names the file or device that is missing or of another version,
   *     what is wanted, and what was found
   */
  static void checkDevice() throws BackendException {
    platform();
    driver();
  }

  /**
   * CUDA's runtime.
   *
   * @throws BackendException like {@link #checkDevice}
   */
  static NativeLibrary runtime() throws BackendException {
    NativeLibrary runtime = open(RUNTIME, "CUDA's runtime, 12", KEPT);
    IntByReference version = new IntByReference();
    int status = call(runtime, "cudaRuntimeGetVersion", version);
    if (status != 0 || version.getValue() < LEAST_CUDA || version.getValue() >= 13_000) {
      throw wrong(RUNTIME, "CUDA " + cudaVersion(version.getValue()), "CUDA 12");
    }
    return runtime;
  }

  /**
   * Checks CUDA's runtime, TensorRT 10 and what its Java binding links to, in this order. Where one
   * is missing, nobody finds TensorRT's functions by those that are not: DJL's library would, and
   * take them for those of its own TensorRT.
   *
   * @throws BackendException like {@link #checkDevice}
   */
  static void check() throws BackendException {
    runtime();
    NativeLibrary tensorRt = openTensorRt(KEPT_APART);
    int found = call(tensorRt, "getInferLibVersion");
    if (found < LEAST_TENSORRT || found >= NEXT_TENSORRT) {
      throw wrong(TENSORRT, "TensorRT " + tensorRtVersion(found), "10.6 or a later 10");
    }
    for (String function : CALLED) {
      function(tensorRt, function);
    }
    openLinked(KEPT_APART);
  }

  /** Has all find the functions of what {@link #check} has found. */
  static void openForAll() throws BackendException {
    openTensorRt(KEPT);
    openLinked(KEPT);
  }

  private static NativeLibrary openTensorRt(Map<String, Integer> flags) throws BackendException {
    return open(TENSORRT, "TensorRT, 10.6 or a later 10", flags);
  }

  private static void openLinked(Map<String, Integer> flags) throws BackendException {
    for (String library : LINKED) {
      open(
          library,
          "what TensorRT's Java binding links to; an empty library of that name does",
          flags);
    }
  }

  /** For what only models in ONNX need. */
  static void checkParser() throws BackendException {
    open(ONNX_PARSER, "TensorRT's ONNX parser, which builds an engine out of model.onnx", KEPT);
  }

  private static void platform() throws BackendException {
    String os = System.getProperty("os.name");
    String architecture = System.getProperty("os.arch");
    if (!os.equals("Linux") || !architecture.equals("amd64")) {
      throw new BackendException(
          "backend 'tensorrt': " + os + " " + architecture + " (expected: Linux amd64)");
    }
  }

  private static void driver() throws BackendException {
    NativeLibrary driver = open(DRIVER, "an NVIDIA driver, 525 or newer", KEPT);
    int status = call(driver, "cuInit", 0);
    if (status != 0) {
      throw new BackendException(
          "backend 'tensorrt': "
              + DRIVER
              + ": cuInit failed: "
              + error(driver, status)
              + " (expected: a GPU that this process may use)");
    }
    IntByReference version = new IntByReference();
    status = call(driver, "cuDriverGetVersion", version);
    if (status != 0 || version.getValue() < LEAST_CUDA) {
      throw wrong(
          DRIVER,
          "a driver for CUDA " + cudaVersion(version.getValue()),
          "CUDA 12.0 or newer: driver 525");
    }
    IntByReference count = new IntByReference();
    status = call(driver, "cuDeviceGetCount", count);
    if (status != 0 || count.getValue() < 1) {
      throw new BackendException(
          "backend 'tensorrt': "
              + DRIVER
              + ": "
              + (status == 0 ? "no GPU" : error(driver, status))
              + " (expected: a GPU that this process may use)");
    }
  }

  /**
   * Opens a library.
   *
   * @param what it is, for the error
   * @param flags {@link #KEPT} or {@link #KEPT_APART}
   */
  static NativeLibrary open(String name, String what, Map<String, Integer> flags)
      throws BackendException {
    try {
      return NativeLibrary.getInstance(name, flags);
    } catch (UnsatisfiedLinkError e) {
      throw new BackendException(
          "backend 'tensorrt': %s: cannot be opened (expected: %s; LD_LIBRARY_PATH is '%s'): %s"
              .formatted(
                  name, what, System.getenv().getOrDefault("LD_LIBRARY_PATH", ""), reason(e)),
          e);
    }
  }

  /** JNA puts a headline above what the system's loader says. */
  private static String reason(UnsatisfiedLinkError e) {
    List<String> lines = String.valueOf(e.getMessage()).lines().toList();
    return lines.get(Math.min(1, lines.size() - 1));
  }

  static int call(NativeLibrary library, String function, Object... arguments)
      throws BackendException {
    return function(library, function).invokeInt(arguments);
  }

  private static Function function(NativeLibrary library, String function) throws BackendException {
    try {
      return library.getFunction(function);
    } catch (UnsatisfiedLinkError e) {
      throw new BackendException(
          "backend 'tensorrt': "
              + library.getFile()
              + ": no function '"
              + function
              + "' (expected: NVIDIA's library of that name)",
          e);
    }
  }

  private static String error(NativeLibrary driver, int status) throws BackendException {
    PointerByReference text = new PointerByReference();
    call(driver, "cuGetErrorString", status, text);
    Pointer found = text.getValue();
    return "error " + status + (Pointer.nativeValue(found) == 0 ? "" : ", " + found.getString(0));
  }

  static BackendException wrong(String file, String found, String wanted) {
    return new BackendException(
        "backend 'tensorrt': " + file + ": " + found + " (expected: " + wanted + ")");
  }

  /** As 12.6, of a number as 12060. */
  static String cudaVersion(int number) {
    return number / 1000 + "." + number % 1000 / 10;
  }

  /** As 10.6.0, of a number as 100600; TensorRT before 10 counted in other steps. */
  static String tensorRtVersion(int number) {
    return number >= 10_000
        ? number / 10_000 + "." + number / 100 % 100 + "." + number % 100
        : number / 1000 + "." + number / 100 % 10 + "." + number % 100;
  }

  /** Registers TensorRT's own plug-ins, for plans and graphs that have some; false without them. */
  static boolean registerPlugins(long logger) {
    try {
      NativeLibrary plugins = NativeLibrary.getInstance(PLUGINS, KEPT);
      Object registered =
          plugins
              .getFunction("initLibNvInferPlugins")
              .invoke(Boolean.class, new Object[] {new Pointer(logger), ""});
      return Boolean.TRUE.equals(registered);
    } catch (UnsatisfiedLinkError e) {
      return false;
    }
  }

  /**
   * Ends a C++ object by the deleting destructor that its class has in its table of virtual
   * functions, as {@code delete} does: the presets make no owner of what TensorRT hands out.
   *
   * @param slot of that destructor, from 0
   */
  static void delete(long object, int slot) {
    Pointer table = new Pointer(object).getPointer(0);
    Pointer destructor = table.getPointer((long) slot * Native.POINTER_SIZE);
    Function.getFunction(destructor).invokeVoid(new Object[] {new Pointer(object)});
  }
}
