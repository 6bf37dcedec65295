package dev.nereid.backend;

import java.nio.file.Path;
import java.util.Map;

/**
 * A model version on disk, before its configuration is complete.
 *
 * @param versionDirectory {@code <repository>/<model>/<version>}
 * @param modelFilename the file or folder inside it that holds the model
 * @param parameters the config's {@code parameters}, by key
 */
public record ModelSource(
    String modelName,
    long version,
    Path versionDirectory,
    String modelFilename,
    Map<String, String> parameters) {

  public ModelSource {
    parameters = Map.copyOf(parameters);
  }

  /** The model's file or folder. */
  public Path modelPath() {
    return versionDirectory.resolve(modelFilename);
  }
}
