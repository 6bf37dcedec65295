package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Parameters;
import dev.nereid.backend.UnpackedFiles;
import java.nio.file.Path;
import java.util.Map;

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

  static BackendSettings parse(Map<String, String> settings) throws BackendException {
    Parameters parameters = Parameters.ofBackend(TensorFlowProvider.NAME, settings);
    int maxBatchSize =
        parameters
            .integer("default-max-batch-size", 0, Integer.MAX_VALUE)
            .orElse(DEFAULT_MAX_BATCH_SIZE);
    Path cache = UnpackedFiles.cacheDirectory(parameters);
    parameters.refuseOthers();
    return new BackendSettings(maxBatchSize, cache);
  }
}
