package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Parameters;
import dev.nereid.backend.UnpackedFiles;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;

/**
 * {@code --backend-config=tensorrt,…}.
 *
 * @param defaultMaxBatchSize {@code default-max-batch-size}: {@code max_batch_size} of a model that
 *     can batch and whose config does not say; 4
 * @param cacheDirectory {@code engine-cache-directory}: engines that were built, and what building
 *     found out about kernels; {@code tensorrt} in the library cache directory. Nothing in it is
 *     needed again but to save time, and nothing in it is ever removed
 * @param libraryCacheDirectory {@code library-cache-directory}: where the code between Java and
 *     TensorRT is unpacked; {@code nereid} in the user's cache directory
 */
record BackendSettings(int defaultMaxBatchSize, Path cacheDirectory, Path libraryCacheDirectory) {

  static final String CACHE_DIRECTORY = "engine-cache-directory";

  private static final int DEFAULT_MAX_BATCH_SIZE = 4;

  static BackendSettings parse(Map<String, String> settings) throws BackendException {
    Parameters parameters = Parameters.ofBackend(TensorRtProvider.NAME, settings);
    Path libraries = UnpackedFiles.cacheDirectory(parameters);
    BackendSettings parsed =
        new BackendSettings(
            parameters
                .integer("default-max-batch-size", 0, Integer.MAX_VALUE)
                .orElse(DEFAULT_MAX_BATCH_SIZE),
            engines(parameters, libraries),
            libraries);
    parameters.refuseOthers();
    return parsed;
  }

  private static Path engines(Parameters parameters, Path libraries) throws BackendException {
    try {
      return parameters
          .text(CACHE_DIRECTORY)
          .map(Path::of)
          .orElseGet(() -> libraries.resolve(TensorRtProvider.NAME))
          .toAbsolutePath();
    } catch (InvalidPathException e) {
      throw parameters.refusal(CACHE_DIRECTORY, "a path");
    }
  }
}
