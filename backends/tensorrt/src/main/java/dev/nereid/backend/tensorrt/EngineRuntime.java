package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Parameters;
import java.util.Map;

/** Which TensorRT runs a model, as its parameter {@code runtime} says. */
enum EngineRuntime {
  /** TensorRT 10 by JavaCPP; where the config does not say. */
  TENSORRT("tensorrt", "TensorRT 10"),
  /** TensorRT 8.6 by DJL's engine. */
  DJL("djl", "TensorRT 8.6 by DJL's engine");

  static final String PARAMETER = "runtime";

  private final String title;
  private final String what;

  EngineRuntime(String title, String what) {
    this.title = title;
    this.what = what;
  }

  /**
   * @param parameters of the model
   */
  static EngineRuntime of(Map<String, String> parameters) throws BackendException {
    Parameters read = Parameters.ofModel(parameters);
    String text = read.text(PARAMETER).orElse(TENSORRT.title);
    for (EngineRuntime runtime : values()) {
      if (runtime.title.equals(text)) {
        return runtime;
      }
    }
    throw read.refusal(PARAMETER, TENSORRT.title + " or " + DJL.title);
  }

  /** As the config writes it. */
  String title() {
    return title;
  }

  /** What it is, for people. */
  String what() {
    return what;
  }
}
