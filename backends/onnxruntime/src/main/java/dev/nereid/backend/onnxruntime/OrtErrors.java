package dev.nereid.backend.onnxruntime;

import ai.onnxruntime.OrtException;
import dev.nereid.backend.BackendException;
import java.util.Arrays;

/** The engine's errors, worded as Triton words them. */
final class OrtErrors {

  private static final String BEFORE_MESSAGE = " - message: ";

  private OrtErrors() {}

  static BackendException of(OrtException e) {
    String message = String.valueOf(e.getMessage());
    int start = message.indexOf(BEFORE_MESSAGE);
    if (start >= 0) {
      message = message.substring(start + BEFORE_MESSAGE.length());
    }
    // The codes are listed in the order of their numbers, from -1.
    int code = Arrays.asList(OrtException.OrtErrorCode.values()).indexOf(e.getCode()) - 1;
    return new BackendException("onnx runtime error " + code + ": " + message, e);
  }
}
