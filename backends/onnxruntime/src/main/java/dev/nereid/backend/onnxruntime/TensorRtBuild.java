package dev.nereid.backend.onnxruntime;

import ai.onnxruntime.OrtException;
import dev.nereid.backend.AutotuneTurn;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to a session whose engines TensorRT builds, or that finds them built: which shapes they
 * are for, where they are kept, and what is tried again.
 *
 * <p>One session at a time is built in this process.
 */
final class TensorRtBuild {

  private static final Logger log = LoggerFactory.getLogger(TensorRtBuild.class);

  /** Of the provider's error where the graph was cut and an inner tensor's shape varies. */
  private static final String NO_PROFILE = "associated profiles";

  private final ModelSpec spec;
  private final Path model;
  private final Path ofGpus;
  private final TensorRtOptions asked;

  /**
   * @param model its file
   * @param ofGpus where engines are kept for this kind of GPU and these versions
   */
  TensorRtBuild(ModelSpec spec, Path model, Path ofGpus, TensorRtOptions asked) {
    this.spec = spec;
    this.model = model;
    this.ofGpus = ofGpus;
    this.asked = asked;
  }

  /** Makes a session with some options of the TensorRT provider. */
  interface Attempt<T> {
    T with(Map<String, String> options) throws OrtException, BackendException;
  }

  /** Makes a session, in more than one attempt where the first meets what another can avoid. */
  <T> T open(Attempt<T> attempt) throws OrtException, BackendException {
    AutotuneTurn.take();
    try {
      Map<String, String> profiles = asked.hasProfiles() ? Map.of() : ShapeProfiles.of(spec);
      try {
        return keeping(profiles, attempt);
      } catch (OrtException e) {
        if (profiles.isEmpty() || !says(e, NO_PROFILE)) {
          throw e;
        }
        log.warn(
            "Model '{}': TensorRT runs only parts of it, so an engine is built when a batch of a"
                + " new size first comes, while its requests wait; trt_profile_min_shapes,"
                + " trt_profile_opt_shapes and trt_profile_max_shapes of those parts avoid that: {}",
            spec.source().modelName(),
            OrtErrors.message(e));
        return keeping(Map.of(), attempt);
      }
    } finally {
      AutotuneTurn.giveBack();
    }
  }

  private <T> T keeping(Map<String, String> profiles, Attempt<T> attempt)
      throws OrtException, BackendException {
    Map<String, String> options = new TreeMap<>(asked.options());
    options.putAll(profiles);
    if (asked.isOff(TensorRtOptions.CACHE_ENABLE)
        || asked.get(TensorRtOptions.CACHE_PATH).isPresent()) {
      if (calibrationTable() != null) {
        options.putIfAbsent(TensorRtOptions.CACHE_PATH, folderOf(model).toString());
      }
      return attempt.with(options);
    }
    boolean builtAtLoad = asked.hasProfiles() || !profiles.isEmpty() || ShapeProfiles.isFixed(spec);
    try (EngineCache cache = EngineCache.open(ofGpus, key(options))) {
      return from(cache, builtAtLoad, options, attempt);
    } catch (IOException e) {
      log.warn(
          "Model '{}': TensorRT's engines are built again at each start, since {} cannot be used:"
              + " {}",
          spec.source().modelName(),
          ofGpus,
          e.toString());
      return attempt.with(options);
    }
  }

  private String key(Map<String, String> options) throws IOException {
    return EngineKey.of(spec.source().modelName(), model, options);
  }

  private <T> T from(
      EngineCache cache, boolean builtAtLoad, Map<String, String> options, Attempt<T> attempt)
      throws OrtException, BackendException, IOException {
    options.put(TensorRtOptions.CACHE_ENABLE, "1");
    options.put(TensorRtOptions.CACHE_PATH, cache.folder().toString());
    if (!asked.isOff(TensorRtOptions.TIMING_CACHE_ENABLE)) {
      options.put(TensorRtOptions.TIMING_CACHE_ENABLE, "1");
      options.putIfAbsent(TensorRtOptions.TIMING_CACHE_PATH, cache.timing().toString());
    }
    boolean there = cache.isWhole();
    log.info(
        there ? "Model '{}': TensorRT's engines are in {}" : "Model '{}': TensorRT builds into {}",
        spec.source().modelName(),
        cache.folder());
    T session;
    try {
      session = attemptIn(cache, options, attempt);
    } catch (OrtException e) {
      if (!there || !(says(e, "deserialize") || says(e, "timing cache"))) {
        throw e;
      }
      log.warn(
          "Model '{}': the engines kept in {} cannot be used and are built again: {}",
          spec.source().modelName(),
          cache.folder(),
          OrtErrors.message(e));
      cache.clear();
      session = attemptIn(cache, options, attempt);
    }
    // Engines that are built later are written later too, without anybody to say when they are
    // whole: such a folder is empty again at the next start.
    if (builtAtLoad) {
      markWhole(cache);
    }
    return session;
  }

  private void markWhole(EngineCache cache) {
    try {
      cache.markWhole();
    } catch (IOException e) {
      log.warn(
          "Model '{}': the engines in {} are not kept: {}",
          spec.source().modelName(),
          cache.folder(),
          e.toString());
    }
  }

  private <T> T attemptIn(EngineCache cache, Map<String, String> options, Attempt<T> attempt)
      throws OrtException, BackendException, IOException {
    Path table = calibrationTable();
    if (table != null) {
      // The provider looks for it beside the engines.
      Files.copy(
          table,
          cache.folder().resolve(String.valueOf(table.getFileName())),
          StandardCopyOption.REPLACE_EXISTING);
    }
    return attempt.with(options);
  }

  /** The table that the config names, which lies beside the model; null where it names none. */
  private @Nullable Path calibrationTable() throws BackendException {
    String name = asked.get(TensorRtOptions.CALIBRATION_TABLE).orElse(null);
    if (name == null || asked.get(TensorRtOptions.CACHE_PATH).isPresent()) {
      return null;
    }
    Path folder = folderOf(model);
    Path table = folder.resolve(name).normalize();
    if (!folder.equals(table.getParent()) || !Files.isRegularFile(table)) {
      throw BackendException.ofField(
          "execution_accelerators['tensorrt'].parameters['int8_calibration_table_name']: "
              + name
              + " (expected: a file in "
              + folder
              + ")",
          "optimization",
          "execution_accelerators");
    }
    return table;
  }

  private static Path folderOf(Path model) {
    Path folder = model.toAbsolutePath().normalize().getParent();
    return folder == null ? Path.of("/") : folder;
  }

  private static boolean says(OrtException e, String text) {
    return String.valueOf(e.getMessage()).contains(text);
  }
}
