package dev.nereid.launcher;

import java.nio.file.Files;
import java.nio.file.Path;

/** The distribution that this process was started from, as {@code bin/nereid} says it. */
public final class Home {

  private Home() {}

  /**
   * Its folder.
   *
   * @throws IllegalStateException if this process was started in another way
   */
  public static Path folder() {
    String home = System.getProperty("nereid.home", "");
    if (home.isEmpty() || !Files.isExecutable(Path.of(home, "bin", "nereid"))) {
      throw new IllegalStateException(
          "nereid.home: '" + home + "' (expected: a distribution; start this with its bin/nereid)");
    }
    return Path.of(home);
  }
}
