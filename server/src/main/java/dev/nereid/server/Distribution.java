package dev.nereid.server;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;

/**
 * Where this distribution lies: {@code lib/} with the server's jar, {@code backends/} beside it.
 */
public final class Distribution {

  private Distribution() {}

  /**
   * Where backends are looked for: those of the GPU stack that this process was started with come
   * before those of the same name elsewhere, since they are the ones that fit its libraries.
   *
   * @param directory {@code --backend-directory}
   */
  public static List<Path> backendDirectories(Path directory) {
    String stack = System.getProperty("nereid.gpu.stack", "");
    return stack.isEmpty() ? List.of(directory) : List.of(Path.of(stack, "backends"), directory);
  }

  /** The folder of backends beside the folder that holds the server's jar. */
  static Path backends() {
    String home = System.getProperty("nereid.home");
    if (home != null) {
      return Path.of(home, "backends");
    }
    CodeSource source = Distribution.class.getProtectionDomain().getCodeSource();
    try {
      if (source != null && source.getLocation() != null) {
        Path library = Path.of(source.getLocation().toURI()).toAbsolutePath().getParent();
        if (library != null) {
          return library.resolveSibling("backends");
        }
      }
    } catch (URISyntaxException e) {
      throw new IllegalStateException("the server's jar has no path: " + source, e);
    }
    return Path.of("backends").toAbsolutePath();
  }
}
