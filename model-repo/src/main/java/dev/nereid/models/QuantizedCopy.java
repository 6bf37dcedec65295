package dev.nereid.models;

import dev.nereid.models.quantize.Network;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A network written as the same kind of thing as the model it was made from: a SavedModel's folder
 * with the assets of the original, an ONNX file, or a repository's model with the original's
 * configuration and labels.
 */
final class QuantizedCopy {

  private static final String CONFIG = "config.pbtxt";

  private final ModelOnDisk source;
  private final Path into;

  QuantizedCopy(ModelOnDisk source, Path into) {
    this.source = source;
    this.into = into;
  }

  /**
   * @throws FileSystemException if anything is there already, unless forced
   */
  void refuseToOverwrite(boolean force) throws IOException {
    if (!force && ModelFolders.holdsAnything(into)) {
      throw new FileSystemException(
          into.toString(), null, "is there already (expected: nothing there, or --force)");
    }
  }

  void write(Network network) throws IOException {
    if (source.repositoryModel().isEmpty()) {
      Path file = source.isSavedModel() ? into.resolve("saved_model.pb") : into;
      writeModel(network, file, into);
      return;
    }
    Path original = source.repositoryModel().get();
    Path version = into.resolve("1");
    writeModel(network, version.resolve(network.file()), version.resolve("model.savedmodel"));
    try (Stream<Path> beside = Files.list(original)) {
      for (Path file : beside.filter(Files::isRegularFile).sorted().toList()) {
        copyBeside(file);
      }
    }
  }

  private void writeModel(Network network, Path file, Path savedModel) throws IOException {
    WholeFile.<IOException>write(file, network::write);
    if (source.isSavedModel()) {
      for (String assets : List.of("assets", "assets.extra")) {
        copyTree(source.path().resolve(assets), savedModel.resolve(assets));
      }
    }
  }

  private static void copyTree(Path from, Path to) throws IOException {
    if (Files.isDirectory(from)) {
      try (Stream<Path> files = Files.walk(from)) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          WholeFile.copy(file, to.resolve(from.relativize(file).toString()));
        }
      }
    }
  }

  /** A configuration without its name, so that the model's is that of its folder. */
  private void copyBeside(Path file) throws IOException {
    String name = file.getFileName().toString();
    if (name.equals(CONFIG)) {
      String text = Files.readString(file).replaceFirst("(?m)^name *:.*\\R", "");
      WholeFile.writeText(into.resolve(CONFIG), text);
    } else {
      WholeFile.copy(file, into.resolve(name));
    }
  }
}
