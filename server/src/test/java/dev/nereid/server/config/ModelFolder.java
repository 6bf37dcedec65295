package dev.nereid.server.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes model directories for tests. */
final class ModelFolder {

  private final Path path;

  /** An empty model directory. */
  ModelFolder(Path repository, String name) {
    this.path = repository.resolve(name);
    folder(path);
  }

  Path path() {
    return path;
  }

  ModelFolder config(String text) {
    return file("config.pbtxt", text);
  }

  /** An empty folder, such as a version that holds no model. */
  ModelFolder folder(String name) {
    folder(path.resolve(name));
    return this;
  }

  ModelFolder file(String name, String text) {
    try {
      Path file = path.resolve(name);
      folder(file.resolveSibling(""));
      Files.writeString(file, text);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void folder(Path path) {
    try {
      Files.createDirectories(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
