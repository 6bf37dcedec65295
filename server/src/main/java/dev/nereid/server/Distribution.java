package dev.nereid.server;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.security.CodeSource;

/**
 * Where this distribution lies: {@code lib/} with the server's jar, {@code backends/} beside it.
 */
final class Distribution {

  private Distribution() {}

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
