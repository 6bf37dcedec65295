package dev.nereid.backend.onnxruntime;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * Where TensorRT's engines of one model on one kind of GPU are kept between starts.
 *
 * <ul>
 *   <li>A folder's name is made of all that its engines depend on, so that one of another GPU,
 *       another version or other weights is never met.
 *   <li>The engine's provider writes its files where they stay: a process that dies meanwhile
 *       leaves half an engine. So a folder counts only once it is marked whole, and is emptied
 *       before it is used without that mark.
 *   <li>One process at a time builds for a kind of GPU: two that build at once would also spoil
 *       each other's measurements, by which TensorRT chooses.
 * </ul>
 *
 * Belongs to one thread, from {@link #open} to {@link #close}.
 */
final class EngineCache implements AutoCloseable {

  private static final String WHOLE = "whole";
  private static final String LOCK = "lock";
  private static final String TIMING = "timing";

  private final Path folder;
  private final Path timing;
  private final FileChannel channel;

  private EngineCache(Path folder, Path timing, FileChannel channel) {
    this.folder = folder;
    this.timing = timing;
    this.channel = channel;
  }

  /**
   * Waits until no other process builds there, and empties the folder unless it is whole.
   *
   * @param ofGpus the folder for engines of one kind of GPU and one version of the libraries
   * @param name of the model's folder in it
   */
  static EngineCache open(Path ofGpus, String name) throws IOException {
    Path folder = Files.createDirectories(ofGpus.resolve(name));
    Path timing = Files.createDirectories(ofGpus.resolve(TIMING));
    FileChannel channel =
        FileChannel.open(ofGpus.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      channel.lock();
      EngineCache cache = new EngineCache(folder, timing, channel);
      if (!cache.isWhole()) {
        empty(folder);
      }
      return cache;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** For engines. */
  Path folder() {
    return folder;
  }

  /** For what TensorRT measured, which a build of another model can use too. */
  Path timing() {
    return timing;
  }

  /** Whether engines are there that some process wrote to their end. */
  boolean isWhole() {
    return Files.exists(folder.resolve(WHOLE));
  }

  /** What is there now may be used by whoever comes next. */
  void markWhole() throws IOException {
    if (!isWhole()) {
      Files.createFile(folder.resolve(WHOLE));
    }
  }

  /** Removes the engines, and what was measured. */
  void clear() throws IOException {
    empty(folder);
    empty(timing);
  }

  /** Deletes what is in a folder, the mark first. */
  private static void empty(Path folder) throws IOException {
    Files.deleteIfExists(folder.resolve(WHOLE));
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        try (Stream<Path> below = Files.walk(entry)) {
          for (Path path : below.sorted(Comparator.reverseOrder()).toList()) {
            Files.delete(path);
          }
        }
      }
    }
  }

  /** Lets the next process in. */
  @Override
  public void close() {
    try {
      // Gives the lock back too.
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException("a lock cannot be given back", e);
    }
  }
}
