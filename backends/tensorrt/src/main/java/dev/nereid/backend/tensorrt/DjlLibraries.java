package dev.nereid.backend.tensorrt;

import com.sun.jna.NativeLibrary;
import dev.nereid.backend.BackendException;

/**
 * What DJL's engine runs on, asked library by library before its own code is loaded: that one ends
 * the process where something is missing.
 *
 * <p>It is linked to the two parsers, through which TensorRT and its plug-ins come, and not to
 * CUDA's runtime, which must be there for all to see.
 */
final class DjlLibraries {

  static final String TENSORRT = "libnvinfer.so.8";
  private static final String PLUGINS = "libnvinfer_plugin.so.8";
  private static final String ONNX_PARSER = "libnvonnxparser.so.8";
  private static final String OTHER_PARSERS = "libnvparsers.so.8";

  /**
   * DJL has it built with 8.4 and ran it on 8.4 alone; 8.6 is what was measured, and the last 8.
   */
  private static final int LEAST_TENSORRT = 8600;

  private static final int NEXT_TENSORRT = 8700;

  private DjlLibraries() {}

  /**
   * Checks CUDA's runtime, TensorRT 8.6 and what belongs to it, in this order.
   *
   * @throws BackendException that names the first file that is missing or of another version, what
   *     is wanted, and what was found
   */
  static void check() throws BackendException {
    NativeLibraries.runtime();
    NativeLibrary tensorRt = open(TENSORRT, "TensorRT 8.6");
    int found = NativeLibraries.call(tensorRt, "getInferLibVersion");
    if (found < LEAST_TENSORRT || found >= NEXT_TENSORRT) {
      throw NativeLibraries.wrong(
          TENSORRT, "TensorRT " + NativeLibraries.tensorRtVersion(found), "8.6");
    }
    open(PLUGINS, "TensorRT 8.6's plug-ins");
    open(ONNX_PARSER, "TensorRT 8.6's ONNX parser");
    open(OTHER_PARSERS, "TensorRT 8.6's other parsers, which DJL's engine is linked to");
  }

  private static NativeLibrary open(String name, String what) throws BackendException {
    return NativeLibraries.open(name, what + ", for runtime 'djl'", NativeLibraries.KEPT_APART);
  }
}
