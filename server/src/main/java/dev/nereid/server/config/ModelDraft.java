package dev.nereid.server.config;

import dev.nereid.backend.Backend;
import dev.nereid.protocol.ModelConfig;
import java.nio.file.Path;
import java.util.List;

/**
 * A model's configuration before any of its files was looked into: valid as far as it goes.
 *
 * @param directory {@code <repository>/<model>}
 * @param backend that the config, or the name of the model's file, asks for
 * @param config normalised; inputs, outputs and {@code max_batch_size} may still be missing
 * @param versions that the version policy asks for and the directory has, ascending; at least one
 */
public record ModelDraft(Path directory, Backend backend, ModelConfig config, List<Long> versions) {

  public ModelDraft {
    versions = List.copyOf(versions);
  }

  /** The model's name. */
  public String name() {
    return config.getName();
  }
}
