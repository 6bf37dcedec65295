package dev.nereid.backend.onnxruntime;

import ai.onnxruntime.OrtException;
import dev.nereid.backend.BackendException;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The engine's errors, worded as Triton words them, and what they say about a GPU. */
final class OrtErrors {

  private static final String BEFORE_MESSAGE = " - message: ";

  /** As the engine writes what a call of CUDA answered. */
  private static final Pattern CUDA_FAILURE = Pattern.compile("\\bCUDA failure (\\d+): ([^;]*)");

  /** Of CUDA's libraries, or of memory on the device. */
  private static final Pattern OF_DEVICE =
      Pattern.compile(
          "\\b(CUDA|CUDNN|CUBLAS|CUSPARSE|CURAND|CUFFT) failure \\d+|cuDNN library|cuFFT library"
              + "|libcu\\w+\\.so|libnv\\w+\\.so|Failed to allocate memory|out of memory");

  private OrtErrors() {}

  static BackendException of(OrtException e) {
    // The codes are listed in the order of their numbers, from -1.
    int code = Arrays.asList(OrtException.OrtErrorCode.values()).indexOf(e.getCode()) - 1;
    return new BackendException("onnx runtime error " + code + ": " + message(e), e);
  }

  /** The engine's own words. */
  static String message(OrtException e) {
    String message = String.valueOf(e.getMessage());
    int start = message.indexOf(BEFORE_MESSAGE);
    return (start >= 0 ? message.substring(start + BEFORE_MESSAGE.length()) : message).strip();
  }

  /** Whether a GPU or one of its libraries is to blame, rather than the model or the request. */
  static boolean isOfDevice(OrtException e) {
    return OF_DEVICE.matcher(message(e)).find();
  }

  /** The error that leaves its GPU without use to this process; empty for any other. */
  static Optional<String> deviceFault(OrtException e) {
    if (e.getCode() == OrtException.OrtErrorCode.ORT_DEVICE_RESET) {
      return Optional.of(message(e));
    }
    Matcher failure = CUDA_FAILURE.matcher(message(e));
    while (failure.find()) {
      if (Gpus.STICKY.contains(Integer.parseInt(failure.group(1)))) {
        return Optional.of("CUDA error " + failure.group(1) + ": " + failure.group(2).strip());
      }
    }
    return Optional.empty();
  }
}
