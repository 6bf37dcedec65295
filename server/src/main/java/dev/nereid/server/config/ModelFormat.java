package dev.nereid.server.config;

import dev.nereid.protocol.ModelConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A format of model files that Triton knows by its platform or its file's name, so that a config
 * need not name the backend.
 *
 * @param platform empty where the format never had one
 * @param filename the file, or the folder, that holds a model
 * @param kind what it is on disk
 */
record ModelFormat(String platform, String backend, String filename, Kind kind) {

  /** What a format is on disk. */
  enum Kind {
    FILE,
    FOLDER,
    EITHER
  }

  private static final String GRAPH_DEF = "tensorflow_graphdef";

  /** In the order in which Triton looks for their files. */
  private static final List<ModelFormat> ALL =
      List.of(
          new ModelFormat("tensorflow_savedmodel", "tensorflow", "model.savedmodel", Kind.FOLDER),
          new ModelFormat(GRAPH_DEF, "tensorflow", "model.graphdef", Kind.FILE),
          new ModelFormat("tensorrt_plan", "tensorrt", "model.plan", Kind.FILE),
          new ModelFormat("onnxruntime_onnx", "onnxruntime", "model.onnx", Kind.EITHER),
          new ModelFormat("", "openvino", "model.xml", Kind.EITHER),
          new ModelFormat("pytorch_libtorch", "pytorch", "model.pt", Kind.FILE),
          new ModelFormat("torch_aoti", "pytorch", "model.pt2", Kind.FILE),
          new ModelFormat("", "python", "model.py", Kind.EITHER));

  private static final String ENSEMBLE = "ensemble";

  /** Whether a model is a frozen graph without a signature, which no backend here reads. */
  static boolean isGraphDef(ModelConfig.Builder config) {
    return config.getPlatform().equals(GRAPH_DEF) && config.getBackend().equals("tensorflow");
  }

  /** Whether a model of that platform is a TensorRT plan, for which some fields are. */
  static boolean isTensorRtPlan(ModelConfig.Builder config) {
    return config.getPlatform().equals("tensorrt_plan");
  }

  /**
   * Fills in {@code platform}, {@code backend} and {@code default_model_filename} as far as one
   * follows from another, from the files of a version, or from a model's name such as {@code
   * net.identity}; and sees to it that they agree.
   *
   * @param text where the config comes from
   * @param config its name is set
   * @param version the directory to look for model files in, or null where there is none
   * @throws ConfigException with Triton's texts
   */
  static void complete(ConfigText text, ModelConfig.Builder config, @Nullable Path version)
      throws ConfigException {
    Optional<ModelFormat> format = find(config, version);
    if (format.isPresent()) {
      format.get().fill(config);
    } else if (config.getBackend().isEmpty()
        && config.getPlatform().isEmpty()
        && config.getDefaultModelFilename().isEmpty()) {
      backendFromName(text, config);
    }
    if (config.getBackend().isEmpty()) {
      throw text.fail(
          config.getPlatform().equals(ENSEMBLE)
              ? "ensemble scheduling must be set for ensemble %s whose platform is ensemble"
                  .formatted(config.getName())
              : "unexpected platform type '%s' for %s"
                  .formatted(config.getPlatform(), config.getName()),
          "platform");
    }
    if (config.getPlatform().equals(ENSEMBLE)) {
      throw text.fail(
          "Ensemble model '%s' must have platform type 'ensemble' and empty backend type"
              .formatted(config.getName()),
          "backend");
    }
    List<ModelFormat> ofBackend =
        where(f -> f.backend.equals(config.getBackend()) && !f.platform.isEmpty());
    if (!ofBackend.isEmpty() && ofBackend.stream().noneMatch(f -> f.isPlatformOf(config))) {
      throw text.fail(
          "unexpected 'platform' and 'backend' pair, got:%s, %s"
              .formatted(config.getPlatform(), config.getBackend()),
          "platform");
    }
  }

  private static Optional<ModelFormat> find(ModelConfig.Builder config, @Nullable Path version) {
    List<ModelFormat> formats =
        config.getBackend().isEmpty() ? ALL : where(f -> f.backend.equals(config.getBackend()));
    if (!config.getPlatform().isEmpty()) {
      return formats.stream().filter(f -> f.isPlatformOf(config)).findFirst();
    }
    Optional<ModelFormat> named;
    if (!config.getDefaultModelFilename().isEmpty()) {
      named =
          formats.stream()
              .filter(f -> f.filename.equals(config.getDefaultModelFilename()))
              .findFirst();
    } else {
      named = formats.stream().filter(f -> version != null && f.isIn(version)).findFirst();
    }
    // A backend's first format is its usual one.
    return named.isPresent() || config.getBackend().isEmpty()
        ? named
        : formats.stream().findFirst();
  }

  private static List<ModelFormat> where(Predicate<ModelFormat> test) {
    return ALL.stream().filter(test).toList();
  }

  private boolean isPlatformOf(ModelConfig.Builder config) {
    // PyTorch's older name.
    String name =
        config.getPlatform().equals("libtorch") ? "pytorch_libtorch" : config.getPlatform();
    return !platform.isEmpty() && platform.equals(name);
  }

  private boolean isIn(Path version) {
    Path path = version.resolve(filename);
    return switch (kind) {
      case FILE -> Files.isRegularFile(path);
      case FOLDER -> Files.isDirectory(path);
      case EITHER -> Files.exists(path);
    };
  }

  private void fill(ModelConfig.Builder config) {
    if (config.getBackend().isEmpty()) {
      config.setBackend(backend);
    }
    if (config.getPlatform().isEmpty()) {
      config.setPlatform(platform);
    }
    if (config.getDefaultModelFilename().isEmpty()) {
      config.setDefaultModelFilename(filename);
    }
  }

  private static void backendFromName(ConfigText text, ModelConfig.Builder config)
      throws ConfigException {
    int dot = config.getName().indexOf('.');
    if (dot < 0) {
      throw text.fail(
          "Invalid model name: Could not determine backend for model '%s' with no backend in model"
                  .formatted(config.getName())
              + " configuration. Expected model name of the form 'model.<backend_name>'.",
          "backend");
    }
    String backend = config.getName().substring(dot + 1);
    config.setBackend(backend).setDefaultModelFilename("model." + backend);
  }
}
