package dev.nereid.backend.onnxruntime;

import ai.onnxruntime.OrtException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * GPUs that this process has lost, with the error that did it. All sessions on a GPU share its CUDA
 * context, so what spoils it for one has spoilt it for all, for as long as the process lives.
 * Thread-safe.
 */
final class DeviceFaults {

  private static final Logger log = LoggerFactory.getLogger(DeviceFaults.class);

  private final Map<Integer, String> faults = new ConcurrentHashMap<>();
  private final Gpus gpus;

  DeviceFaults(Gpus gpus) {
    this.gpus = gpus;
  }

  /** Why the GPU is lost; empty while it is not. */
  Optional<String> of(int device) {
    return Optional.ofNullable(faults.get(device));
  }

  /**
   * Looks at what a run ended with, on the thread that it ran on. Not every error of the engine
   * says what CUDA said, so the driver is asked as well.
   */
  void examine(int device, OrtException e) {
    Optional<String> fault = OrtErrors.deviceFault(e);
    if (fault.isEmpty()) {
      OptionalInt code = gpus.stickyError();
      if (code.isPresent()) {
        fault = Optional.of("CUDA error " + code.getAsInt() + ": " + OrtErrors.message(e));
      }
    }
    if (fault.isPresent() && faults.putIfAbsent(device, fault.get()) == null) {
      log.error("GPU {} is lost to this process: {}", device, fault.get());
    }
  }
}
