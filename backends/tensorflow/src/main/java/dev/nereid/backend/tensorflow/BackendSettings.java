package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Parameters;
import dev.nereid.backend.UnpackedFiles;
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
 * @param engineCacheDirectory {@code engine-cache-directory}, ours: where TensorRT's engines are
 *     kept; {@code tensorrt-engines} in the former. An empty one keeps none
 * @param gpuMemory {@code gpu-memory-fraction} and {@code allow-growth}
 */
record BackendSettings(
    int defaultMaxBatchSize,
    Path libraryCacheDirectory,
    Optional<Path> engineCacheDirectory,
    GpuMemory gpuMemory) {

  private static final String ENGINE_CACHE = "engine-cache-directory";

  private static final int DEFAULT_MAX_BATCH_SIZE = 4;

  static BackendSettings parse(Map<String, String> settings) throws BackendException {
    Parameters parameters = Parameters.ofBackend(TensorFlowProvider.NAME, settings);
    int maxBatchSize =
        parameters
            .integer("default-max-batch-size", 0, Integer.MAX_VALUE)
            .orElse(DEFAULT_MAX_BATCH_SIZE);
    Path cache = UnpackedFiles.cacheDirectory(parameters);
    Optional<Path> engines = engineCache(parameters, cache);
    GpuMemory memory = GpuMemory.parse(parameters);
    parameters.refuseOthers();
    return new BackendSettings(maxBatchSize, cache, engines, memory);
  }

  private static Optional<Path> engineCache(Parameters parameters, Path cache)
      throws BackendException {
    Optional<String> text = parameters.text(ENGINE_CACHE);
    if (text.isEmpty()) {
      return Optional.of(cache.resolve("tensorrt-engines"));
    }
    try {
      return text.filter(path -> !path.isEmpty()).map(Path::of);
    } catch (InvalidPathException e) {
      throw parameters.refusal(ENGINE_CACHE, "a path, or nothing");
    }
  }
}
