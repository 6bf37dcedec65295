package dev.nereid.backend.onnxruntime;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Makes a small native library out of C, in place of one that takes a GPU. */
final class CompiledLibrary {

  private CompiledLibrary() {}

  /** Compiles it; a test that needs one is passed over where there is no C compiler. */
  static Path of(Path directory, String name, String source, String... arguments) throws Exception {
    Path file = Files.writeString(directory.resolve(name + ".c"), source);
    return of(directory, name, file, List.of(arguments));
  }

  /**
   * Compiles a file.
   *
   * @param arguments of the compiler, after the file: what the library is linked to, and how
   */
  static Path of(Path directory, String name, Path file, List<String> arguments) throws Exception {
    assumeTrue(hasCompiler(), "there is no cc");
    Path library = directory.resolve(name);
    List<String> command =
        new ArrayList<>(
            List.of("cc", "-shared", "-fPIC", "-o", library.toString(), file.toString()));
    command.addAll(arguments);
    Process compiler = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(compiler.getInputStream().readAllBytes(), UTF_8);
    assertThat(compiler.waitFor()).as(said).isZero();
    return library;
  }

  private static boolean hasCompiler() throws IOException {
    return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, "cc")));
  }
}
