package dev.nereid.server.config;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.protocol.ModelConfig;
import dev.nereid.protocol.ModelVersionPolicy;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads model directories. Thread-safe: models are read in parallel.
 *
 * <p>In two steps, since versions of one model may hold different files: {@link #read} takes the
 * model's {@code config.pbtxt} and says which versions its policy asks for, {@link #complete} asks
 * the backend about one version's file, and checks and completes the config with what it says.
 */
public final class ModelConfigLoader {

  private static final Logger log = LoggerFactory.getLogger(ModelConfigLoader.class);

  private static final String CONFIG_FILE = "config.pbtxt";
  private static final String CONFIG_FOLDER = "configs";
  private static final String CONFIG_SUFFIX = ".pbtxt";

  /** Behind the underscore that leads it, a label's name. */
  private static final Pattern METRIC_TAG = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_]*");

  private final BackendCatalog backends;
  private final Options options;

  public ModelConfigLoader(BackendCatalog backends, Options options) {
    this.backends = backends;
    this.options = options;
  }

  /**
   * @param autoComplete whether what the config leaves out is taken from the model's file; {@code
   *     --disable-auto-complete-config} turns it off
   * @param configName {@code --model-config-name}: {@code configs/<name>.pbtxt} is read where a
   *     model has one, in place of {@code config.pbtxt}
   * @param gpus of this machine
   */
  public record Options(boolean autoComplete, Optional<String> configName, Gpus gpus) {

    /** As a server without flags, on a machine without a GPU. */
    public static final Options DEFAULTS = new Options(true, Optional.empty(), Gpus.NONE);

    /** With GPUs of which only the indices are known. */
    public Options(boolean autoComplete, Optional<String> configName, List<Integer> gpus) {
      this(autoComplete, configName, Gpus.of(gpus));
    }
  }

  /**
   * Reads a model's configuration, without looking into its model files. Blocks while the backend
   * starts, if it is the first model of it.
   *
   * @param modelDirectory {@code <repository>/<model>}
   * @throws ConfigException if the file is missing, cannot be read, or says something that cannot
   *     be; if there is no such backend; or if no version is to be loaded
   */
  public ModelDraft read(Path modelDirectory) throws ConfigException {
    String directoryName = String.valueOf(modelDirectory.getFileName());
    ConfigText text = text(modelDirectory);
    ModelConfig.Builder config = text.config().toBuilder();
    if (config.getName().isEmpty()) {
      config.setName(directoryName);
    } else if (!config.getName().equals(directoryName)) {
      throw text.fail(
          "unexpected directory name '%s' for model '%s', directory name must equal model name"
              .formatted(directoryName, config.getName()),
          "name");
    }
    FieldSupport.check(text);
    List<Long> onDisk = Versions.onDisk(modelDirectory);
    ModelFormat.complete(
        text, config, onDisk.isEmpty() ? null : modelDirectory.resolve(onDisk.get(0).toString()));
    if (ModelFormat.isGraphDef(config)) {
      throw text.refuse(
          config.getPlatform(),
          "tensorflow_savedmodel; graphs without a signature are not supported yet",
          "platform");
    }
    Defaults.fill(config);
    BatchingRules.check(text, config);
    checkModelFilename(text, config);
    checkMetricTags(text, config);
    List<Long> versions = versions(text, config, onDisk);
    if (config.getBackend().indexOf('\0') >= 0) {
      throw text.refuse(config.getBackend(), "a backend's name", "backend");
    }
    Backend backend;
    try {
      backend = backends.backend(config.getBackend());
    } catch (BackendException e) {
      throw new ConfigException(String.valueOf(e.getMessage()), e);
    }
    new InstanceGroups(text, config, backend, options.gpus()).complete();
    return new ModelDraft(modelDirectory, text, config.build(), backend, versions);
  }

  private ConfigText text(Path modelDirectory) throws ConfigException {
    Path file = modelDirectory.resolve(CONFIG_FILE);
    if (options.configName().isPresent()) {
      Path named =
          modelDirectory.resolve(CONFIG_FOLDER).resolve(options.configName().get() + CONFIG_SUFFIX);
      file = exists(named) ? named : file;
    }
    if (exists(file)) {
      return ConfigText.read(file);
    }
    if (!options.autoComplete()) {
      throw new ConfigException(
          file + ": no such file (expected: one, since auto-completion is off)");
    }
    return ConfigText.absent();
  }

  /** A link that leads nowhere is there, and fails when it is read. */
  private static boolean exists(Path file) {
    return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
  }

  private static void checkModelFilename(ConfigText text, ModelConfig.Builder config)
      throws ConfigException {
    String filename = config.getDefaultModelFilename();
    Path root = Path.of("/version");
    boolean inside;
    try {
      inside = root.resolve(filename).normalize().startsWith(root);
    } catch (InvalidPathException e) {
      inside = false;
    }
    if (!inside) {
      throw text.refuse(
          filename, "a path inside the version's directory", "default_model_filename");
    }
  }

  private static void checkMetricTags(ConfigText text, ModelConfig.Builder config)
      throws ConfigException {
    for (String key : config.getMetricTagsMap().keySet()) {
      if (!METRIC_TAG.matcher(key).matches()) {
        throw text.refuse(
            "'" + key + "'", "a key of letters, digits and underscores", "metric_tags");
      }
    }
  }

  private static List<Long> versions(ConfigText text, ModelConfig.Builder config, List<Long> onDisk)
      throws ConfigException {
    ModelVersionPolicy policy = config.getVersionPolicy();
    for (int i = 0; i < policy.getSpecific().getVersionsCount(); i++) {
      if (policy.getSpecific().getVersions(i) < 1) {
        throw text.refuse(
            policy.getSpecific().getVersions(i),
            ">= 1",
            "version_policy",
            "specific",
            "versions",
            i);
      }
      if (!onDisk.contains(policy.getSpecific().getVersions(i))) {
        log.warn(
            "version {} is specified for model '{}', but the version directory is not present",
            policy.getSpecific().getVersions(i),
            config.getName());
      }
    }
    List<Long> versions = Versions.choose(policy, onDisk);
    if (versions.isEmpty()) {
      throw text.fail(
          "at least one version must be available under the version policy of model '"
              + config.getName()
              + "'",
          "version_policy");
    }
    return versions;
  }

  /**
   * Completes the configuration of one version. Where something is missing, and auto-completion is
   * on, the backend reads the model's file, which blocks. Whether the file agrees with what the
   * config says is the backend's to check when it loads it ({@link
   * dev.nereid.backend.SignatureCheck}).
   *
   * @param version one of {@link ModelDraft#versions}
   * @throws ConfigException if the file cannot be read as a model, or if something is still missing
   *     or cannot be
   */
  public VersionConfig complete(ModelDraft draft, long version) throws ConfigException {
    ConfigText text = draft.text();
    ModelConfig.Builder config = draft.config().toBuilder();
    ModelSource source = source(draft, version);
    if (options.autoComplete() && AutoCompletion.isNeeded(config)) {
      ModelSignature signature = inspect(draft, source);
      if (signature.known()) {
        AutoCompletion.fill(text, config, signature, draft.backend().defaultMaxBatchSize());
        Defaults.fill(config);
        BatchingRules.check(text, config);
      } else if (!text.isPresent()) {
        throw new ConfigException(
            "model configuration is not provided for model '" + config.getName() + "'");
      }
    }
    TensorRules.check(text, config);
    if (config.getInputCount() == 0) {
      throw text.refuse("none", "at least one", "input");
    }
    if (config.getOutputCount() == 0) {
      throw text.refuse("none", "at least one", "output");
    }
    return new VersionAssembly(draft, config.build(), source, options.gpus()).assemble();
  }

  private static ModelSignature inspect(ModelDraft draft, ModelSource source)
      throws ConfigException {
    try {
      return draft.backend().inspect(source);
    } catch (BackendException e) {
      throw draft.refusal(e);
    }
  }

  private static ModelSource source(ModelDraft draft, long version) {
    ModelConfig config = draft.config();
    Map<String, String> parameters =
        config.getParametersMap().entrySet().stream()
            .collect(
                Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().getStringValue()));
    return new ModelSource(
        draft.name(),
        version,
        draft.directory().resolve(Long.toString(version)),
        config.getDefaultModelFilename().isEmpty()
            ? draft.backend().defaultModelFilename()
            : config.getDefaultModelFilename(),
        parameters);
  }
}
