package dev.nereid.backend.onnxruntime;

import com.sun.jna.Library;
import com.sun.jna.NativeLibrary;
import dev.nereid.backend.BackendException;
import java.util.Map;

/** TensorRT's library, which the engine's TensorRT provider is linked to. */
final class TensorRtLibrary {

  static final String NAME = "libnvinfer.so.10";

  /**
   * RTLD_LAZY and RTLD_NODELETE: it stays when JNA closes what nobody refers to any more, since it
   * may end the process when it is opened once more.
   */
  private static final int LAZY_LOCAL_AND_KEPT = 0x1001;

  private TensorRtLibrary() {}

  /**
   * Its version, as {@code 10.6.0}.
   *
   * @param library its name or path
   * @throws BackendException naming the file that is missing
   */
  static String version(String library) throws BackendException {
    try {
      NativeLibrary loaded =
          NativeLibrary.getInstance(
              library, Map.of(Library.OPTION_OPEN_FLAGS, LAZY_LOCAL_AND_KEPT));
      int version = loaded.getFunction("getInferLibVersion").invokeInt(new Object[0]);
      return version / 10_000 + "." + version / 100 % 100 + "." + version % 100;
    } catch (UnsatisfiedLinkError e) {
      throw new BackendException(
          "TensorRT cannot be loaded: %s (expected: %s of TensorRT 10.6, as in GPU stack 'ort-gpu')"
              .formatted(LinkErrors.reason(e), library),
          e);
    }
  }
}
