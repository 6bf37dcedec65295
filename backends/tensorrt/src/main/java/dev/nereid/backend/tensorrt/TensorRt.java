package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.tensorrt.global.nvinfer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TensorRT in this process, loaded once.
 *
 * @param log hears what TensorRT says
 * @param nativeLog the same, to be given to whatever of TensorRT's wants one
 * @param version of the library, as 10.6.0.26
 * @param cudaVersion of CUDA's runtime, as 12.6
 */
record TensorRt(EngineLog log, NativeLog nativeLog, String version, String cudaVersion) {

  private static final Logger logger = LoggerFactory.getLogger(TensorRt.class);

  /** JavaCPP's own: where it unpacks libraries, and how much memory may be used before it fails. */
  private static final String UNPACKED = "org.bytedeco.javacpp.cachedir";

  private static final String MAX_PHYSICAL_BYTES = "org.bytedeco.javacpp.maxPhysicalBytes";
  private static final String MAX_BYTES = "org.bytedeco.javacpp.maxBytes";

  /**
   * Loads the code between Java and TensorRT, and TensorRT. To be called when {@link
   * NativeLibraries#check} has found everything in its place.
   */
  static TensorRt start(BackendSettings settings) throws BackendException {
    Map<String, String> before = new LinkedHashMap<>();
    // Another backend has JavaCPP in a class loader of its own, and one file cannot be loaded into
    // both; so the folder is this backend's alone, and the property as it was once it was read.
    set(UNPACKED, settings.libraryCacheDirectory().resolve("tensorrt-jni").toString(), before);
    // The limit counts the whole process, of which most is not JavaCPP's here.
    set(MAX_PHYSICAL_BYTES, "0", before);
    set(MAX_BYTES, "0", before);
    try {
      int[] cuda = new int[1];
      int status = cudart.cudaRuntimeGetVersion(cuda);
      if (status != 0) {
        throw new BackendException(
            "backend 'tensorrt': CUDA error " + status + " in cudaRuntimeGetVersion");
      }
      EngineLog log = new EngineLog();
      NativeLog nativeLog = new NativeLog(log);
      TensorRt started =
          new TensorRt(log, nativeLog, libraryVersion(), NativeLibraries.cudaVersion(cuda[0]));
      boolean plugins = NativeLibraries.registerPlugins(nativeLog.address());
      logger.info(
          "TensorRT {} on CUDA {}, {} its own plug-ins",
          started.version(),
          started.cudaVersion(),
          plugins ? "with" : "without");
      return started;
    } catch (LinkageError e) {
      throw new BackendException(
          "backend 'tensorrt': TensorRT's Java binding cannot be loaded: " + reason(e), e);
    } finally {
      before.forEach(TensorRt::restore);
    }
  }

  private static String libraryVersion() {
    return nvinfer.getInferLibMajorVersion()
        + "."
        + nvinfer.getInferLibMinorVersion()
        + "."
        + nvinfer.getInferLibPatchVersion()
        + "."
        + nvinfer.getInferLibBuildVersion();
  }

  /** The first cause names the library; what is around it names Java's classes. */
  private static String reason(Throwable error) {
    Throwable cause = error;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause.toString();
  }

  private static void set(String property, String value, Map<String, String> before) {
    String old = System.getProperty(property);
    if (old == null) {
      System.setProperty(property, value);
    }
    before.put(property, old == null ? "" : old);
  }

  private static void restore(String property, String old) {
    if (old.isEmpty()) {
      System.clearProperty(property);
    }
  }
}
