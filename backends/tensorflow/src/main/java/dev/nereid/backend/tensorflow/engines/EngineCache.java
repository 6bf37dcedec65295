package dev.nereid.backend.tensorflow.engines;

import dev.nereid.backend.tensorflow.engines.Conversion.Segment;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Engines on disk: a folder a key, with a file a segment, the key in words, and a list of the files
 * with their digests. The folder is written beside its place and moved there in one step; what is
 * not as its list says is set aside, with a line in the log, and built again. Thread-safe, also
 * between processes. Nothing is ever deleted of other keys.
 */
public final class EngineCache {

  private static final Logger log = LoggerFactory.getLogger(EngineCache.class);

  private static final String KEY = "key.txt";
  private static final String LIST = "engines.txt";
  private static final String WRITING = "writing-";
  private static final String DAMAGED = "damaged-";

  private final Path directory;

  public EngineCache(Path directory) {
    this.directory = directory.toAbsolutePath();
  }

  /**
   * Engines that are there, whole.
   *
   * @param files by the digest of their segment
   */
  public record Entry(Path folder, Map<String, Path> files) {
    public Entry {
      files = Map.copyOf(files);
    }
  }

  /** Writes the engines of a segment to a file. */
  public interface Writer<E extends Exception> {
    void write(Segment segment, Path file) throws E;
  }

  /** The engines of a key; empty where there are none, or they are damaged. */
  public Optional<Entry> find(EngineKey key) {
    Path folder = directory.resolve(key.folder());
    if (!Files.isDirectory(folder)) {
      return Optional.empty();
    }
    try {
      return Optional.of(read(folder, key));
    } catch (IOException e) {
      log.warn("TensorRT's engines in {} are built again: {}", folder, e.getMessage());
      setAside(folder);
      return Optional.empty();
    }
  }

  private static Entry read(Path folder, EngineKey key) throws IOException {
    if (!Files.readString(folder.resolve(KEY)).equals(key.text())) {
      throw new IOException(KEY + " says that they are of something else");
    }
    Map<String, Path> files = new TreeMap<>();
    for (String line : Files.readAllLines(folder.resolve(LIST))) {
      String[] words = line.split(" ", -1);
      if (words.length != 3 || !words[2].matches("[A-Za-z0-9_.-]+")) {
        throw new IOException(LIST + " has the line '" + line + "'");
      }
      Path file = folder.resolve(words[2]);
      if (!EngineKey.digestOfFile(file).equals(words[0])) {
        throw new IOException(file.getFileName() + " is not as it was written");
      }
      files.put(words[1], file);
    }
    return new Entry(folder, files);
  }

  /**
   * Keeps engines.
   *
   * @return what is there now, which may be what another process was faster with
   * @throws IOException if they cannot be written
   */
  public <E extends Exception> Entry store(EngineKey key, List<Segment> segments, Writer<E> writer)
      throws IOException, E {
    Files.createDirectories(directory);
    Path beside = Files.createTempDirectory(directory, WRITING);
    try {
      List<String> list = new ArrayList<>();
      for (int i = 0; i < segments.size(); i++) {
        Segment segment = segments.get(i);
        Path file = beside.resolve("segment-" + i + ".engines");
        writer.write(segment, file);
        EngineFile.read(file);
        list.add(EngineKey.digestOfFile(file) + " " + segment.digest() + " " + file.getFileName());
      }
      Files.writeString(beside.resolve(KEY), key.text());
      Files.write(beside.resolve(LIST), list);
      Path folder = directory.resolve(key.folder());
      try {
        Files.move(beside, folder, StandardCopyOption.ATOMIC_MOVE);
      } catch (FileSystemException e) {
        if (!Files.isDirectory(folder)) {
          throw e;
        }
      }
      return read(folder, key);
    } finally {
      delete(beside);
    }
  }

  /** Takes away what turned out to be of no use, so that other engines can have its place. */
  public void discard(Entry entry) {
    setAside(entry.folder());
  }

  private void setAside(Path folder) {
    try {
      Path aside = Files.createTempDirectory(directory, DAMAGED);
      Files.move(folder, aside, StandardCopyOption.ATOMIC_MOVE);
      delete(aside);
    } catch (IOException e) {
      log.warn("{} cannot be removed: {}", folder, e.toString());
    }
  }

  private static void delete(Path folder) {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(folder);
    } catch (NoSuchFileException e) {
      // Moved to its place.
    } catch (IOException e) {
      log.warn("{} cannot be removed: {}", folder, e.toString());
    }
  }
}
