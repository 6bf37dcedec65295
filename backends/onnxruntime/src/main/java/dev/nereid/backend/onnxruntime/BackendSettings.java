package dev.nereid.backend.onnxruntime;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Parameters;
import dev.nereid.backend.UnpackedFiles;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;

/**
 * {@code --backend-config=onnxruntime,…}, under Triton's names.
 *
 * @param defaultMaxBatchSize {@code default-max-batch-size}: {@code max_batch_size} of a model that
 *     can batch and whose config does not say; 4
 * @param globalThreadPool {@code enable-global-threadpool}: one pool for every session; a model's
 *     own thread counts do nothing then
 * @param intraOpThreads {@code intra_op_thread_count}: threads within an operator, of the global
 *     pool or of each session whose model does not say; 0 or none is one a core
 * @param interOpThreads {@code inter_op_thread_count}: likewise across operators
 * @param libraryCacheDirectory {@code library-cache-directory}, ours: where the engine's library is
 *     unpacked, once a version; {@code nereid} in the user's cache directory
 * @param engineCacheDirectory {@code engine-cache-directory}, ours: where engines that TensorRT
 *     builds are kept; {@code engines} in the directory above
 */
record BackendSettings(
    int defaultMaxBatchSize,
    boolean globalThreadPool,
    OptionalInt intraOpThreads,
    OptionalInt interOpThreads,
    Path libraryCacheDirectory,
    Path engineCacheDirectory) {

  static final String ENGINE_CACHE_DIRECTORY = "engine-cache-directory";

  private static final int DEFAULT_MAX_BATCH_SIZE = 4;

  static BackendSettings parse(Map<String, String> settings) throws BackendException {
    Parameters parameters = Parameters.ofBackend(OnnxRuntimeProvider.NAME, settings);
    Path cache = UnpackedFiles.cacheDirectory(parameters);
    BackendSettings parsed =
        new BackendSettings(
            parameters
                .integer("default-max-batch-size", 0, Integer.MAX_VALUE)
                .orElse(DEFAULT_MAX_BATCH_SIZE),
            parameters.bool("enable-global-threadpool").orElse(false),
            parameters.integer("intra_op_thread_count", 0, SessionSettings.MOST_THREADS),
            parameters.integer("inter_op_thread_count", 0, SessionSettings.MOST_THREADS),
            cache,
            engineCache(parameters, cache));
    parameters.refuseOthers();
    return parsed;
  }

  private static Path engineCache(Parameters parameters, Path cache) throws BackendException {
    try {
      return parameters
          .text(ENGINE_CACHE_DIRECTORY)
          .map(Path::of)
          .orElseGet(() -> cache.resolve("engines"));
    } catch (InvalidPathException e) {
      throw parameters.refusal(ENGINE_CACHE_DIRECTORY, "a path");
    }
  }
}
