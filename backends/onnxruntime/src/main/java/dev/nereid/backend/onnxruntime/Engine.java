package dev.nereid.backend.onnxruntime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import dev.nereid.backend.BackendException;

/**
 * The engine's one environment of this process, and the ways to its tensors.
 *
 * @param environment never closed: the engine allows one, and ends it with the process
 */
record Engine(OrtEnvironment environment, OrtInternals internals, Tensors tensors) {

  private static final String LOG_NAME = "nereid";

  /**
   * Loads the native library, out of its jar, and starts the environment.
   *
   * @throws BackendException if the library does not load here, or a global thread pool is asked
   *     for after the process started without
   */
  static Engine start(BackendSettings settings) throws BackendException {
    NativeLibrary.unpack(settings.libraryCacheDirectory());
    try {
      Telemetry.turnOff();
      OrtEnvironment environment =
          settings.globalThreadPool()
              ? withGlobalThreads(settings)
              : OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_WARNING, LOG_NAME);
      environment.setTelemetry(false);
      OrtInternals internals = OrtInternals.open(environment);
      return new Engine(environment, internals, new Tensors(environment, internals));
    } catch (OrtException e) {
      throw OrtErrors.of(e);
    } catch (IllegalStateException | LinkageError e) {
      throw new BackendException("ONNX Runtime cannot be started: " + e, e);
    }
  }

  /** For one instance. */
  StringTensors newStrings() {
    return new StringTensors(environment, internals);
  }

  private static OrtEnvironment withGlobalThreads(BackendSettings settings) throws OrtException {
    try (OrtEnvironment.ThreadingOptions threads = new OrtEnvironment.ThreadingOptions()) {
      threads.setGlobalIntraOpNumThreads(settings.intraOpThreads().orElse(0));
      threads.setGlobalInterOpNumThreads(settings.interOpThreads().orElse(0));
      return OrtEnvironment.getEnvironment(
          OrtLoggingLevel.ORT_LOGGING_LEVEL_WARNING, LOG_NAME, threads);
    }
  }
}
