package dev.nereid.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * {@code .nereid-models} in a repository: one line {@code <model> <stamp>} for each model that is
 * or was built there. Servers look at folders only and pass it by.
 */
final class StampFile {

  static final String NAME = ".nereid-models";

  private final Path file;
  private final Map<String, ModelStamp> stamps = new TreeMap<>();

  private StampFile(Path file) {
    this.file = file;
  }

  /** Reads the repository's stamps; lines that make no sense count as absent. */
  static StampFile read(Path repository) throws IOException {
    StampFile stamps = new StampFile(repository.resolve(NAME));
    if (Files.exists(stamps.file)) {
      for (String line : Files.readAllLines(stamps.file)) {
        String[] words = line.split(" ", -1);
        if (words.length == 2) {
          stamps.stamps.put(words[0], new ModelStamp(words[1]));
        }
      }
    }
    return stamps;
  }

  Optional<ModelStamp> of(String model) {
    return Optional.ofNullable(stamps.get(model));
  }

  /**
   * To be called before a model's files are touched, with {@link ModelStamp#UNFINISHED}, since half
   * a model must not look whole; and once they are all there.
   */
  void put(String model, ModelStamp stamp) throws IOException {
    stamps.put(model, stamp);
    write();
  }

  private void write() throws IOException {
    StringBuilder text = new StringBuilder();
    stamps.forEach(
        (model, stamp) -> text.append(model).append(' ').append(stamp.text()).append('\n'));
    WholeFile.writeText(file, text.toString());
  }
}
