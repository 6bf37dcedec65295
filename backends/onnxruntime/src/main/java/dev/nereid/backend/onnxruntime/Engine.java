package dev.nereid.backend.onnxruntime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtProvider;
import dev.nereid.backend.BackendException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engine's one environment of this process, the ways to its tensors, and the GPUs it can use.
 *
 * @param environment never closed: the engine allows one, and ends it with the process
 * @param gpus none where this build of the engine has no CUDA provider
 */
record Engine(
    OrtEnvironment environment,
    OrtInternals internals,
    Tensors tensors,
    Gpus gpus,
    DeviceFaults faults) {

  private static final Logger log = LoggerFactory.getLogger(Engine.class);

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
      NativeLibrary.checkVersion(environment.getVersion());
      OrtInternals internals = OrtInternals.open(environment);
      Gpus gpus = findGpus();
      return new Engine(
          environment,
          internals,
          new Tensors(environment, internals),
          gpus,
          new DeviceFaults(gpus));
    } catch (OrtException e) {
      throw OrtErrors.of(e);
    } catch (IllegalStateException | LinkageError e) {
      throw new BackendException("ONNX Runtime cannot be started: " + root(e), e);
    }
  }

  /** What is behind an error of a static initialiser, which says nothing itself. */
  private static Throwable root(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }

  private static Gpus findGpus() {
    if (!OrtEnvironment.getAvailableProviders().contains(OrtProvider.CUDA)) {
      return Gpus.none(
          "this ONNX Runtime runs on the CPU alone; start with --gpu-stack=ort-gpu for the other");
    }
    Gpus gpus = Gpus.find();
    if (gpus.all().isEmpty()) {
      log.warn("ONNX Runtime runs on the CPU alone: {}", gpus.absence());
    }
    gpus.all().forEach(gpu -> log.info("ONNX Runtime can use GPU {}", gpu));
    return gpus;
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
