package dev.nereid.server.repository;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Looks for models in the repositories of {@code --model-repository}. */
final class ModelDirectories {

  private ModelDirectories() {}

  /**
   * Every model's directories, by its name; more than one where several repositories have it.
   * Hidden folders and plain files are not models. A repository that is given twice counts once.
   *
   * @throws IOException if a repository cannot be read
   */
  static SortedMap<String, List<Path>> scan(List<Path> repositories) throws IOException {
    SortedMap<String, List<Path>> models = new TreeMap<>();
    Set<Path> seen = new HashSet<>();
    for (Path repository : repositories) {
      if (!seen.add(repository.toAbsolutePath().normalize())) {
        continue;
      }
      if (!isListable(repository)) {
        throw new IOException(
            "--model-repository: " + repository + " (expected: a directory that can be read)");
      }
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(repository)) {
        for (Path entry : entries) {
          String name = String.valueOf(entry.getFileName());
          if (!name.startsWith(".") && Files.isDirectory(entry)) {
            models.computeIfAbsent(name, ignored -> new ArrayList<>()).add(entry);
          }
        }
      } catch (DirectoryIteratorException e) {
        throw e.getCause();
      }
    }
    return models;
  }

  /** Whether its entries can be named, and looked at. */
  private static boolean isListable(Path directory) {
    return Files.isDirectory(directory)
        && Files.isReadable(directory)
        && Files.isExecutable(directory);
  }
}
