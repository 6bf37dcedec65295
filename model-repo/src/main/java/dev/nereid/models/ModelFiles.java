package dev.nereid.models;

import dev.nereid.models.onnx.OnnxFile;
import dev.nereid.models.quantize.UnsupportedNetworkException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Every file of a model, and where each goes inside a version's folder: {@code model.savedmodel/…},
 * or {@code model.onnx} and the files of weights that it names.
 */
final class ModelFiles {

  private static final String SAVED_MODEL = "model.savedmodel";

  private final Map<String, Path> files;

  private ModelFiles(Map<String, Path> files) {
    this.files = files;
  }

  /** Of a model wherever it lies. */
  static ModelFiles of(ModelOnDisk model) throws IOException, UnsupportedNetworkException {
    Map<String, Path> files = new TreeMap<>();
    if (model.isSavedModel()) {
      addTree(model.path(), SAVED_MODEL + "/", files);
    } else {
      files.put("model.onnx", model.path());
      Path folder = model.path().toAbsolutePath().normalize().resolveSibling("");
      for (String name : OnnxFile.externalFiles(model.path())) {
        Path file = folder.resolve(name).normalize();
        if (!file.startsWith(folder) || !Files.isRegularFile(file)) {
          throw new UnsupportedNetworkException(
              "model: %s has weights in '%s' (expected: a file beside it)"
                  .formatted(model.path(), name));
        }
        files.put(name, file);
      }
    }
    return new ModelFiles(files);
  }

  /** Of one that was copied into a version's folder before. */
  static ModelFiles of(ModelOnDisk model, Path version)
      throws IOException, UnsupportedNetworkException {
    String name = model.isSavedModel() ? SAVED_MODEL : "model.onnx";
    return of(
        new ModelOnDisk(version.resolve(name), model.isSavedModel(), model.repositoryModel()));
  }

  private static void addTree(Path folder, String prefix, Map<String, Path> files)
      throws IOException {
    try (Stream<Path> found = Files.walk(folder)) {
      for (Path file : found.filter(Files::isRegularFile).toList()) {
        files.put(prefix + folder.relativize(file), file);
      }
    }
  }

  void copyTo(Path version) throws IOException {
    for (Map.Entry<String, Path> file : files.entrySet()) {
      WholeFile.copy(file.getValue(), version.resolve(file.getKey()));
    }
  }

  void linkTo(Path version) throws IOException {
    for (Map.Entry<String, Path> file : files.entrySet()) {
      WholeFile.link(file.getValue(), version.resolve(file.getKey()));
    }
  }

  /** What a SavedModel's graph reads beside its weights. */
  void copyAssetsTo(Path version) throws IOException {
    for (Map.Entry<String, Path> file : files.entrySet()) {
      if (file.getKey().startsWith(SAVED_MODEL + "/assets")) {
        WholeFile.copy(file.getValue(), version.resolve(file.getKey()));
      }
    }
  }
}
