package dev.nereid.models;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSource;
import dev.nereid.models.quantize.Engines;
import dev.nereid.models.quantize.TemporaryFolder;
import dev.nereid.models.quantize.UnsupportedNetworkException;
import dev.nereid.models.tensorflow.SavedModelFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A SavedModel as a graph of constants: as it is where it is one, and frozen by its engine where it
 * has variables or functions, as TensorFlow 2 writes them.
 */
final class FrozenModel {

  private FrozenModel() {}

  /**
   * Reads it.
   *
   * @param progress gets a line where something has to be done
   * @throws UnsupportedNetworkException if it is no SavedModel; or if it cannot be frozen, with the
   *     operator that is in the way
   * @throws BackendException if there is no engine to freeze it by
   */
  static SavedModelFile read(ModelOnDisk model, Engines engines, Consumer<String> progress)
      throws IOException, BackendException, UnsupportedNetworkException {
    SavedModelFile file = model.readSavedModel();
    if (!file.hidesWeights()) {
      return file;
    }
    progress.accept("freezing: variables become constants, functions are inlined");
    Backend engine = engines.backend(file.backend());
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      Path frozen = folder.path().resolve(file.modelFilename());
      try {
        engine.freeze(source(model.path().toAbsolutePath().normalize()), frozen);
      } catch (BackendException e) {
        throw new UnsupportedNetworkException(String.valueOf(e.getMessage()), e);
      }
      return SavedModelFile.read(frozen);
    }
  }

  private static ModelSource source(Path model) {
    String name = model.getFileName().toString();
    return new ModelSource(name, 1, model.resolveSibling(""), name, Map.of());
  }
}
