package dev.nereid.models;

import dev.nereid.models.onnx.OnnxFile;
import dev.nereid.models.quantize.UnsupportedNetworkException;
import dev.nereid.models.tensorflow.SavedModelFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A model that lies somewhere: a SavedModel's folder or an ONNX file.
 *
 * @param path of that folder or file
 * @param isSavedModel which of the two
 * @param repositoryModel the folder with {@code config.pbtxt} that it was found in, where it was
 *     given as a model of a repository
 */
record ModelOnDisk(Path path, boolean isSavedModel, Optional<Path> repositoryModel) {

  private static final List<String> NAMES = List.of("model.savedmodel", "model.onnx");

  /**
   * Finds it: the path itself, or where it is a repository's model, the file of its highest
   * version.
   *
   * @throws UnsupportedNetworkException if there is none
   */
  static ModelOnDisk find(Path path) throws IOException, UnsupportedNetworkException {
    if (Files.isRegularFile(path.resolve("saved_model.pb"))) {
      return new ModelOnDisk(path, true, Optional.empty());
    }
    if (Files.isRegularFile(path)) {
      return new ModelOnDisk(path, false, Optional.empty());
    }
    Optional<Path> version = highestVersion(path);
    if (version.isPresent()) {
      for (String name : NAMES) {
        Path file = version.get().resolve(name);
        if (Files.exists(file)) {
          return new ModelOnDisk(file, Files.isDirectory(file), Optional.of(path));
        }
      }
    }
    throw new UnsupportedNetworkException(
        "model: %s (expected: a SavedModel's folder, an ONNX file, or a repository's model with %s in a version's folder)"
            .formatted(path, String.join(" or ", NAMES)));
  }

  private static Optional<Path> highestVersion(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return Optional.empty();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(Files::isDirectory)
          .filter(entry -> entry.getFileName().toString().matches("[1-9][0-9]{0,17}"))
          .max(Comparator.comparingLong(entry -> Long.parseLong(entry.getFileName().toString())));
    }
  }

  /** Whether it is a model that {@code models build} made, whose weights are random. */
  boolean isMadeHere() throws IOException {
    Path model = repositoryModel.map(Path::toAbsolutePath).orElse(null);
    return model != null
        && StampFile.read(model.resolveSibling(""))
            .of(String.valueOf(model.getFileName()))
            .filter(stamp -> !stamp.equals(ModelStamp.IMPORTED))
            .isPresent();
  }

  OnnxFile readOnnx() throws IOException, UnsupportedNetworkException {
    return OnnxFile.read(path);
  }

  SavedModelFile readSavedModel() throws IOException, UnsupportedNetworkException {
    return SavedModelFile.read(path);
  }
}
