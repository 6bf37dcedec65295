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

  /**
   * {@inheritDoc}
   *
   * <p>A driver and a GPU must be there; which TensorRT is loaded, the first model says.
   */
  @Override
  public Backend start(Map<String, String> settings) throws BackendException {
    BackendSettings parsed = BackendSettings.parse(settings);
    NativeLibraries.checkDevice();
    return new TensorRtBackend(parsed);
  }
}
