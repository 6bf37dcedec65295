package dev.nereid.server.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Reads model directories. Thread-safe: models are read in parallel.
 *
 * <p>In two steps, since versions of one model may hold different files: {@link #read} takes the
 * model's {@code config.pbtxt} and says which versions its policy asks for, {@link #complete} asks
 * the backend about one version's file, and checks or completes the config with what it says.
 */
// The bodies follow; until then every model is refused.
@SuppressWarnings("DoNotCallSuggester")
public final class ModelConfigLoader {

  private final BackendCatalog backends;
  private final Options options;

  public ModelConfigLoader(BackendCatalog backends, Options options) {
    this.backends = backends;
    this.options = options;
  }

  /**
   * Reads a model's configuration, without looking into its model files.
   *
   * @param modelDirectory {@code <repository>/<model>}
   * @throws ConfigException if the file is missing, cannot be read, or says something that cannot
   *     be
   */
  public ModelDraft read(Path modelDirectory) throws ConfigException {
    throw new ConfigException(modelDirectory + ": " + backends + options);
  }

  /**
   * Completes the configuration of one version. Blocks while the backend reads the model's file.
   *
   * @param version one of {@link ModelDraft#versions}
   * @throws ConfigException if the file cannot be read as a model, or disagrees with the config
   */
  public VersionConfig complete(ModelDraft draft, long version) throws ConfigException {
    throw new ConfigException(draft.name() + version);
  }

  /**
   * @param autoComplete whether what the config leaves out is taken from the model's file; {@code
   *     --disable-auto-complete-config} turns it off
   * @param configName {@code --model-config-name}: {@code configs/<name>.pbtxt} is read where a
   *     model has one, in place of {@code config.pbtxt}
   * @param gpus indices of the GPUs of this machine
   */
  public record Options(boolean autoComplete, Optional<String> configName, List<Integer> gpus) {

    /** As a server without flags, on a machine without a GPU. */
    public static final Options DEFAULTS = new Options(true, Optional.empty(), List.of());

    public Options {
      gpus = List.copyOf(gpus);
    }
  }
}
