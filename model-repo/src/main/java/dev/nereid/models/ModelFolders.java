package dev.nereid.models;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The folders of a repository that is built into, and which of them are ours to write to. */
record ModelFolders(Path repository, StampFile stamps) {

  static ModelFolders open(Path repository) throws IOException {
    Files.createDirectories(repository);
    return new ModelFolders(repository, StampFile.read(repository));
  }

  Path folder(String model) {
    return repository.resolve(model);
  }

  /**
   * @throws FileSystemException if the model's folder holds what was not made here
   */
  void refuseForeign(String model) throws IOException {
    if (stamps.of(model).isEmpty() && holdsAnything(folder(model))) {
      throw new FileSystemException(
          folder(model).toString(),
          null,
          "was not made by `nereid models` (expected: no such folder, or --force)");
    }
  }

  /** Whether there is a file of that name, or a folder with something in it. */
  static boolean holdsAnything(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return Files.exists(path);
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(path)) {
      return files.iterator().hasNext();
    }
  }
}
