package dev.nereid.bench.command;

import dev.nereid.bench.statistics.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the terminal behind standard error can do.
 *
 * @param live whether a line can be rewritten
 * @param colour whether colours are welcome
 */
public record Terminal(boolean live, boolean colour) {
  /** Neither: a file, a pipe, a CI log. */
  public static final Terminal PLAIN = new Terminal(false, false);

  /**
   * The one of this process: plain where standard error is no terminal, without colour under {@code
   * NO_COLOR}. From JDK 22 on a console exists everywhere, so the descriptor itself is asked, where
   * there is a /proc.
   */
  public static Terminal detect() {
    String noColour = System.getenv("NO_COLOR");
    boolean live = isTerminal() && !"dumb".equals(System.getenv("TERM"));
    return new Terminal(live, live && (noColour == null || noColour.isEmpty()));
  }

  private static boolean isTerminal() {
    try {
      Path device = Files.readSymbolicLink(Path.of("/proc/self/fd/2"));
      return device.startsWith("/dev/pts") || device.toString().startsWith("/dev/tty");
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }

  String verdict(Verdict verdict) {
    if (!colour) {
      return verdict.name();
    }
    int code =
        switch (verdict) {
          case PASS -> 32;
          case FAIL, INVALID -> 31;
          case UNDECIDED -> 33;
        };
    return "\u001b[" + code + "m" + verdict + "\u001b[0m";
  }
}
