package dev.nereid.backend.tensorrt;

import com.sun.jna.Callback;
import com.sun.jna.CallbackReference;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import org.jspecify.annotations.Nullable;

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

  private static @Nullable DjlLog installed;

  private final EngineLog log = new EngineLog();
  private final Log callback = this::said;
  private final Memory table = new Memory((long) FUNCTIONS * Native.POINTER_SIZE);
  private final Pointer logger;
  private final Pointer before;
  private boolean removed;

  private DjlLog(Pointer logger) {
    this.logger = logger;
    this.before = logger.getPointer(0);
    for (int i = 0; i < FUNCTIONS; i++) {
      long offset = (long) i * Native.POINTER_SIZE;
      table.setPointer(offset, before.getPointer(offset));
    }
    table.setPointer(0, CallbackReference.getFunctionPointer(callback));
  }

  /**
   * Puts itself in the place of DJL's, once a process.
   *
   * @param library DJL's
   * @return what hears it from then on
   * @throws IllegalStateException if the process is about to end; DJL's stays in its place then
   */
  static synchronized EngineLog install(NativeLibrary library) {
    DjlLog own = installed;
    if (own == null) {
      own = new DjlLog(library.getGlobalVariableAddress(LOGGER));
      Runtime.getRuntime().addShutdownHook(new Thread(own::remove, "tensorrt-log"));
      own.put();
      installed = own;
    }
    return own.log;
  }

  private void said(Pointer of, int severity, Pointer message) {
    // Of the rest there are a hundred thousand while an engine is built.
    if (severity <= INFORMATION || log.isVerbose()) {
      String text = message.getString(0, "UTF-8");
      log.said(text.contains(HARMLESS) ? INFORMATION : severity, text);
    }
  }

  private synchronized void put() {
    // The process may have begun to end since it was asked.
    if (!removed) {
      logger.setPointer(0, table);
    }
  }

  private synchronized void remove() {
    removed = true;
    logger.setPointer(0, before);
  }
}
