package dev.nereid.server.backend;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.BackendProvider;
import java.io.IOException;
import java.net.URL;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.function.Consumer;

/** Finds a backend's provider in {@code <backend-directory>/<name>/*.jar}. */
final class BackendFolder {

  private BackendFolder() {}

  /**
   * @param directories the first that has the folder, with a jar in it, is taken
   * @param closeLater told of the class loader, which must stay open as long as the backend is used
   * @throws BackendException with Triton's text where there is no such folder, or it holds no jar;
   *     or why its provider cannot be had
   */
  static BackendProvider open(
      List<Path> directories, String name, Consumer<AutoCloseable> closeLater)
      throws BackendException {
    for (Path directory : directories) {
      URL[] jars = jars(directory, name);
      if (jars.length > 0) {
        return open(directory, jars, name, closeLater);
      }
    }
    throw new BackendException(
        "unable to find backend library for backend '"
            + name
            + "', try specifying runtime on the model configuration.");
  }

  private static BackendProvider open(
      Path directory, URL[] jars, String name, Consumer<AutoCloseable> closeLater)
      throws BackendException {
    BackendClassLoader loader =
        new BackendClassLoader(name, jars, BackendFolder.class.getClassLoader());
    closeLater.accept(loader);
    try {
      for (BackendProvider provider : ServiceLoader.load(BackendProvider.class, loader)) {
        if (provider.name().equals(name)) {
          return provider;
        }
      }
    } catch (ServiceConfigurationError | LinkageError e) {
      throw new BackendException("backend '" + name + "' cannot be loaded: " + e, e);
    }
    throw new BackendException(
        "backend '%s': no provider of that name in %s (expected: a jar with META-INF/services/%s)"
            .formatted(name, directory.resolve(name), BackendProvider.class.getName()));
  }

  private static URL[] jars(Path directory, String name) throws BackendException {
    Path backends = directory.toAbsolutePath().normalize();
    Path folder = backends.resolve(name).normalize();
    // The name comes from a model's config: it must not lead out of the directory.
    if (!backends.equals(folder.getParent()) || !Files.isDirectory(folder)) {
      return new URL[0];
    }
    List<Path> jars = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, "*.jar")) {
      found.forEach(jars::add);
      // One order on every file system.
      jars.sort(null);
      URL[] urls = new URL[jars.size()];
      for (int i = 0; i < urls.length; i++) {
        urls[i] = jars.get(i).toUri().toURL();
      }
      return urls;
    } catch (IOException | DirectoryIteratorException e) {
      throw new BackendException("backend '" + name + "': cannot read " + folder + ": " + e, e);
    }
  }
}
