package dev.nereid.backend.tensorrt;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.BackendProvider;
import java.util.Map;

/** Makes the backend {@code tensorrt}. */
public final class TensorRtProvider implements BackendProvider {

  static final String NAME = "tensorrt";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Backend start(Map<String, String> settings) throws BackendException {
    BackendSettings parsed = BackendSettings.parse(settings);
    NativeLibraries.check();
    return new TensorRtBackend(parsed, TensorRt.start(parsed));
  }
}
