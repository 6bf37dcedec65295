package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The file of a model.
 *
 * @param kind by the file's name: what ends in {@code .onnx} is to be built
 */
record ModelFile(Path path, Kind kind) {

  static final String PLAN_FILE = "model.plan";
  static final String ONNX_FILE = "model.onnx";

  /** What is in it. */
  enum Kind {
    PLAN,
    ONNX
  }

  /**
   * The file that the config names; where that is the default and there is none, {@code
   * model.onnx}.
   */
  static ModelFile of(ModelSource source) throws BackendException {
    Path path = source.modelPath();
    Path onnx = source.versionDirectory().resolve(ONNX_FILE);
    if (!Files.isRegularFile(path)
        && source.modelFilename().equals(PLAN_FILE)
        && Files.isRegularFile(onnx)) {
      path = onnx;
    }
    if (!Files.isRegularFile(path)) {
      throw new BackendException(
          "unable to find '" + path + "' for model instance '" + source.modelName() + "'");
    }
    String name = path.toString().toLowerCase(Locale.ROOT);
    return new ModelFile(path, name.endsWith(".onnx") ? Kind.ONNX : Kind.PLAN);
  }
}
