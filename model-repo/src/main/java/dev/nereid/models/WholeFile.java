package dev.nereid.models;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Files that have their name only once they are whole, so that a server that reads the repository
 * while it is being built, or after a build was cut short, never meets half a file.
 */
final class WholeFile {

  /** Writes the contents of a file, or says why there are none. */
  interface Contents<E extends Exception> {
    void writeTo(OutputStream output) throws IOException, E;
  }

  private WholeFile() {}

  /** Replaces the file, making its folder where that is missing. */
  static <E extends Exception> void write(Path file, Contents<E> contents) throws IOException, E {
    WholeFile.<E>place(
        file,
        partial -> {
          try (OutputStream output = new BufferedOutputStream(Files.newOutputStream(partial))) {
            contents.writeTo(output);
          }
        });
  }

  static void writeText(Path file, String text) throws IOException {
    WholeFile.<IOException>write(
        file, output -> output.write(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** Gives the same bytes a second name; copies them where the file system has no links. */
  static void link(Path existing, Path file) throws IOException {
    WholeFile.<IOException>place(
        file,
        partial -> {
          try {
            Files.createLink(partial, existing);
          } catch (IOException | UnsupportedOperationException e) {
            Files.copy(existing, partial);
          }
        });
  }

  /** The same bytes once more, in a file of their own. */
  static void copy(Path existing, Path file) throws IOException {
    WholeFile.<IOException>place(file, partial -> Files.copy(existing, partial));
  }

  private interface Step<E extends Exception> {
    void write(Path partial) throws IOException, E;
  }

  private static <E extends Exception> void place(Path file, Step<E> step) throws IOException, E {
    Files.createDirectories(file.toAbsolutePath().getParent());
    Path partial = file.resolveSibling("." + file.getFileName() + ".part");
    Files.deleteIfExists(partial);
    try {
      step.write(partial);
      Files.move(
          partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(partial);
    }
  }
}
