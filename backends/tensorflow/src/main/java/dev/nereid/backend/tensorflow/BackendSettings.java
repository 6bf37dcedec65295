package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Parameters;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * {@code --backend-config=tensorflow,…}.
 *
 * @param defaultMaxBatchSize {@code default-max-batch-size}, as in Triton: {@code max_batch_size}
 *     of a model that can batch and whose config does not say; 4
 * @param libraryCacheDirectory {@code library-cache-directory}, ours: where TensorFlow's library is
 *     unpacked, once a version; {@code nereid} in the user's cache directory
 */
record BackendSettings(int defaultMaxBatchSize, Path libraryCacheDirectory) {

  private static final int DEFAULT_MAX_BATCH_SIZE = 4;
  private static final String LIBRARY_CACHE_DIRECTORY = "library-cache-directory";

  static BackendSettings parse(Map<String, String> settings) throws BackendException {
    Parameters parameters = Parameters.ofBackend(TensorFlowProvider.NAME, settings);
    int maxBatchSize =
        parameters
            .integer("default-max-batch-size", 0, Integer.MAX_VALUE)
            .orElse(DEFAULT_MAX_BATCH_SIZE);
    Optional<String> cache = parameters.text(LIBRARY_CACHE_DIRECTORY);
    parameters.refuseOthers();
    try {
      return new BackendSettings(
          maxBatchSize, cache.map(Path::of).orElseGet(BackendSettings::userCache));
    } catch (InvalidPathException e) {
      throw parameters.refusal(LIBRARY_CACHE_DIRECTORY, "a path");
    }
  }

  private static Path userCache() {
    String xdg = System.getenv("XDG_CACHE_HOME");
    Path base =
        xdg == null || xdg.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(xdg);
    return base.resolve("nereid");
  }
}
