package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import org.jspecify.annotations.Nullable;

/**
 * The TensorRT of this process: started by the first model that asks for it where its libraries are
 * here, and then the only one. The two have functions of the same names, and a GPU stack has the
 * libraries of one.
 */
final class Loaders {

  private final BackendSettings settings;
  private @Nullable EngineRuntime runtime;
  private @Nullable ModelLoader loader;

  Loaders(BackendSettings settings) {
    this.settings = settings;
  }

  /**
   * The one that a model asks for.
   *
   * @throws BackendException if its libraries are not here, or another one was started
   */
  synchronized ModelLoader of(EngineRuntime wanted) throws BackendException {
    if (runtime != null && runtime != wanted) {
      throw BackendException.ofField(
          "parameters['%s']: %s (expected: %s, since this process has %s already, and can have one)"
              .formatted(EngineRuntime.PARAMETER, wanted.title(), runtime.title(), runtime.what()),
          "parameters",
          EngineRuntime.PARAMETER);
    }
    if (loader == null) {
      switch (wanted) {
        case TENSORRT -> NativeLibraries.check();
        case DJL -> DjlLibraries.check();
      }
      // Also where it then does not start: others may find its functions by their names by now.
      runtime = wanted;
      loader =
          switch (wanted) {
            case TENSORRT -> JavaCppLoader.start(settings);
            case DJL -> DjlLoader.start(settings);
          };
    }
    return loader;
  }
}
