package dev.nereid.server.repository;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes model repositories of identity models. */
public final class ModelFolders {

  private final Path repository;

  public ModelFolders(Path repository) {
    this.repository = repository;
  }

  /** The directory that the models are in. */
  public Path path() {
    return repository;
  }

  /** An identity model of FP32 tensors of [-1, 4], with more of config.pbtxt and these versions. */
  public ModelFolders identity(String name, String more, String... versions) {
    return config(
        name,
        """
        backend: "identity"
        max_batch_size: 8
        input [ { name: "INPUT0" data_type: TYPE_FP32 dims: [ 4 ] } ]
        output [ { name: "OUTPUT0" data_type: TYPE_FP32 dims: [ 4 ] } ]
        instance_group [ { kind: KIND_CPU count: 1 } ]
        """
            + more,
        versions);
  }

  /** A model with that config.pbtxt and these version folders. */
  public ModelFolders config(String name, String config, String... versions) {
    try {
      Path model = Files.createDirectories(repository.resolve(name));
      Files.writeString(model.resolve("config.pbtxt"), config);
      for (String version : versions) {
        Files.createDirectories(model.resolve(version));
      }
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
