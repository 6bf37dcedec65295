package dev.nereid.backend;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * Files of a jar, such as native libraries, unpacked into a folder of their own.
 *
 * <ul>
 *   <li>They are unpacked beside the folder, which is moved to its place in one step: a process
 *       that dies meanwhile leaves no half folder, and two that start together do not disturb each
 *       other.
 *   <li>A folder whose files are all there, each of its size in the jar, is left as it is.
 *   <li>What a process that died left behind is removed by one that unpacks later.
 * </ul>
 *
 * @param loader finds the jar
 * @param folder where the files are wanted
 * @param resources the jar's folder that has them
 * @param names of the files
 */
public record UnpackedFiles(ClassLoader loader, Path folder, String resources, List<String> names) {

  /** The setting of a backend that says where its library is unpacked. */
  public static final String CACHE_DIRECTORY = "library-cache-directory";

  private static final String UNPACKING = "unpacking-";
  private static final Duration ABANDONED = Duration.ofHours(1);

  public UnpackedFiles {
    folder = folder.toAbsolutePath();
    names = List.copyOf(names);
  }

  /**
   * The folder for such folders: a backend's {@code library-cache-directory}, or {@code nereid} in
   * the user's cache directory.
   *
   * @param backend its {@code --backend-config}
   */
  public static Path cacheDirectory(Parameters backend) throws BackendException {
    try {
      return backend.text(CACHE_DIRECTORY).map(Path::of).orElseGet(UnpackedFiles::userCache);
    } catch (InvalidPathException e) {
      throw backend.refusal(CACHE_DIRECTORY, "a path");
    }
  }

  private static Path userCache() {
    String xdg = System.getenv("XDG_CACHE_HOME");
    Path base =
        xdg == null || xdg.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(xdg);
    return base.resolve("nereid");
  }

  /** The folder with the files, which are unpacked first unless they are there. */
  public Path unpacked() throws IOException {
    if (!areThere()) {
      unpack();
    }
    return folder;
  }

  /** Whether nothing is to be done. */
  public boolean areThere() throws IOException {
    for (String name : names) {
      Path file = folder.resolve(name);
      if (!Files.isRegularFile(file)
          || Files.size(file) != resource(name).openConnection().getContentLengthLong()) {
        return false;
      }
    }
    return true;
  }

  /** Unpacks them, whatever is there. */
  public void unpack() throws IOException {
    Path cache = Files.createDirectories(folder.resolveSibling(""));
    removeAbandoned(cache);
    Path beside = Files.createTempDirectory(cache, UNPACKING);
    try {
      for (String name : names) {
        try (InputStream in = resource(name).openStream()) {
          Files.copy(in, beside.resolve(name));
        }
      }
      if (Files.exists(folder) && !areThere()) {
        // Somebody's damage: out of the way in one step, so that nobody sees a mixture.
        Path damaged = Files.createTempDirectory(cache, UNPACKING);
        Files.move(folder, damaged, StandardCopyOption.ATOMIC_MOVE);
        delete(damaged);
      }
      moveUnlessThere(beside);
    } finally {
      delete(beside);
    }
  }

  private void moveUnlessThere(Path from) throws IOException {
    try {
      Files.move(from, folder, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException e) {
      // Another process was faster, which is as good; anything else is not.
      if (!areThere()) {
        throw e;
      }
    }
  }

  private static void removeAbandoned(Path cache) throws IOException {
    Instant before = Instant.now().minus(ABANDONED);
    try (DirectoryStream<Path> all = Files.newDirectoryStream(cache, UNPACKING + "*")) {
      for (Path path : all) {
        if (lastModified(path).isBefore(before)) {
          delete(path);
        }
      }
    }
  }

  private static Instant lastModified(Path path) throws IOException {
    try {
      return Files.getLastModifiedTime(path).toInstant();
    } catch (NoSuchFileException e) {
      // Its owner has just moved it to its place.
      return Instant.MAX;
    }
  }

  /** Deletes a folder, which somebody else may be deleting too. */
  private static void delete(Path folder) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
    } catch (NoSuchFileException e) {
      return;
    }
    Files.deleteIfExists(folder);
  }

  private URL resource(String name) throws IOException {
    URL url = loader.getResource(resources + "/" + name);
    if (url == null) {
      throw new FileNotFoundException(resources + "/" + name + " is not on the class path");
    }
    return url;
  }
}
