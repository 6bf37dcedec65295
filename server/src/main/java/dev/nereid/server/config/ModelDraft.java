package dev.nereid.server.config;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.protocol.ModelConfig;
import java.nio.file.Path;
import java.util.List;

/**
 * A model's configuration before any of its model files was looked into: valid as far as it goes.
 * Immutable.
 */
public final class ModelDraft {

  private final Path directory;
  private final ConfigText text;
  private final ModelConfig config;
  private final Backend backend;
  private final List<Long> versions;

  ModelDraft(
      Path directory, ConfigText text, ModelConfig config, Backend backend, List<Long> versions) {
    this.directory = directory;
    this.text = text;
    this.config = config;
    this.backend = backend;
    this.versions = List.copyOf(versions);
  }

  /** The model's name. */
  public String name() {
    return config.getName();
  }

  /** {@code <repository>/<model>}. */
  public Path directory() {
    return directory;
  }

  /** Normalised; inputs, outputs and {@code max_batch_size} may still be missing. */
  public ModelConfig config() {
    return config;
  }

  /** The backend that the config, or the name of the model's file, asks for. */
  public Backend backend() {
    return backend;
  }

  /** Versions that the policy asks for and the directory has, ascending; at least one. */
  public List<Long> versions() {
    return versions;
  }

  /** What a backend said of the model, behind the place of the field that it blames, if any. */
  public ConfigException refusal(BackendException e) {
    String message = String.valueOf(e.getMessage());
    return e.field().isEmpty()
        ? new ConfigException(message, e)
        : text.fail(message, e.field().toArray());
  }

  ConfigText text() {
    return text;
  }
}
