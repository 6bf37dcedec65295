package dev.nereid.backend.onnxruntime;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.BackendProvider;
import java.util.Map;

/** Makes the backend {@code onnxruntime}. */
public final class OnnxRuntimeProvider implements BackendProvider {

  static final String NAME = "onnxruntime";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Backend start(Map<String, String> settings) throws BackendException {
    BackendSettings parsed = BackendSettings.parse(settings);
    return new OnnxRuntimeBackend(parsed, Engine.start(parsed));
  }
}
