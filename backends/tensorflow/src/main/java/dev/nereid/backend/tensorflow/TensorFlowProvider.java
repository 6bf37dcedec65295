package dev.nereid.backend.tensorflow;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.BackendProvider;
import java.util.Map;

/** Makes the backend {@code tensorflow}. */
public final class TensorFlowProvider implements BackendProvider {

  static final String NAME = "tensorflow";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Backend start(Map<String, String> settings) throws BackendException {
    BackendSettings parsed = BackendSettings.parse(settings);
    NativeLibrary.load(parsed.libraryCacheDirectory());
    return new TensorFlowBackend(
        parsed, TensorFlowGpus.ofProcess(parsed.gpuMemory(), NativeLibrary.isBundled()));
  }
}
