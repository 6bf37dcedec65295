package dev.nereid.backend.tensorrt;

import com.sun.jna.Callback;
import com.sun.jna.CallbackReference;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

/**
 * Has what TensorRT says come to our log. DJL's native library hands TensorRT a logger of its own,
 * which prints; its class's table of functions is replaced by one of ours, for as long as the JVM
 * lives: what TensorRT says while the process ends is printed again.
 */
final class DjlLog {

  private static final String LOGGER = "_ZN7djl_trt7gLoggerE";

  /** {@code log}, and two destructors. */
  private static final int FUNCTIONS = 3;

  /**
   * Of deserialising: DJL ends a runtime before its engine, of which nothing depends on the runtime
   * any more, and TensorRT calls that an error every time.
   */
  private static final String HARMLESS =
      "Destroying a runtime before destroying deserialized engines";

  private static final int INFORMATION = 3;

  /** As TensorRT calls it. */
  interface Log extends Callback {
    void log(Pointer logger, int severity, Pointer message);
  }

  private final Log callback;
  private final Memory table = new Memory((long) FUNCTIONS * Native.POINTER_SIZE);

  private DjlLog(EngineLog log) {
    callback =
        (logger, severity, message) -> {
          // Of the rest there are a hundred thousand while an engine is built.
          if (severity <= INFORMATION || log.isVerbose()) {
            String text = message.getString(0, "UTF-8");
            log.said(text.contains(HARMLESS) ? INFORMATION : severity, text);
          }
        };
  }

  /**
   * Puts itself in the place of DJL's, once a process.
   *
   * @param library DJL's
   */
  static void install(EngineLog log, NativeLibrary library) {
    DjlLog own = new DjlLog(log);
    Pointer logger = library.getGlobalVariableAddress(LOGGER);
    Pointer before = logger.getPointer(0);
    for (int i = 0; i < FUNCTIONS; i++) {
      long offset = (long) i * Native.POINTER_SIZE;
      own.table.setPointer(offset, before.getPointer(offset));
    }
    own.table.setPointer(0, CallbackReference.getFunctionPointer(own.callback));
    logger.setPointer(0, own.table);
    // It also keeps the callback and the table from being collected.
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> own.remove(logger, before), "tensorrt-log"));
  }

  private void remove(Pointer logger, Pointer before) {
    if (table.valid()) {
      logger.setPointer(0, before);
    }
  }
}
