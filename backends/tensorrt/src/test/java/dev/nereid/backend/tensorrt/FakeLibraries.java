package dev.nereid.backend.tensorrt;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Libraries of our own under the names of NVIDIA's, compiled into a folder, and JVMs that find them
 * there; each a process of its own, since a library is loaded once a process.
 */
record FakeLibraries(Path directory) {

  /** What the binding links to and never calls. */
  private static final List<String> LINKED =
      List.of(
          "libnvrtc.so.12",
          "libcublas.so.12",
          "libcublasLt.so.12",
          "libcudnn.so.9",
          "libcudnn_graph.so.9",
          "libcudnn_ops.so.9",
          "libcudnn_cnn.so.9",
          "libcudnn_adv.so.9");

  /**
   * Skips the test where there is no C compiler.
   *
   * @param linked libraries that it is linked to, compiled before
   */
  void compile(String library, String source, String... linked) throws Exception {
    Path file = Files.writeString(directory.resolve(library + ".c"), source);
    // As the real ones have it: the loader ends a process over a library without.
    Path versions = Files.writeString(directory.resolve("versions"), library + " { global: *; };");
    List<String> command =
        new ArrayList<>(
            List.of(
                "cc",
                "-shared",
                "-fPIC",
                "-w",
                "-Wl,--version-script=" + versions,
                "-Wl,-soname," + library,
                "-o",
                directory.resolve(library).toString(),
                file.toString(),
                "-ldl",
                "-lpthread",
                "-Wl,--no-as-needed",
                "-L" + directory));
    for (String other : linked) {
      command.add("-l:" + other);
    }
    Process cc;
    try {
      cc = new ProcessBuilder(command).inheritIO().start();
    } catch (IOException e) {
      assumeTrue(false, "no C compiler here");
      return;
    }
    assertThat(cc.waitFor()).isZero();
  }

  /** Compiles one of the resources. */
  void compileResource(String library, String... linked) throws Exception {
    try (InputStream in =
        Objects.requireNonNull(
            FakeLibraries.class.getResourceAsStream("/fake/" + library + ".c"), library)) {
      compile(library, new String(in.readAllBytes(), UTF_8), linked);
    }
  }

  void compileLinked() throws Exception {
    for (String library : LINKED) {
      compile(library, "int nothing(void) { return 0; }");
    }
  }

  /** Runs a main class to its end, and returns what it said; fails if it failed. */
  String run(Class<?> main, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    Path temporary = Files.createTempDirectory(directory, "tmp");
    command.add("-Djava.io.tmpdir=" + temporary);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("LD_LIBRARY_PATH", directory.toString());
    Process process = builder.redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
    assertThat(process.waitFor()).as(said).isZero();
    try (Stream<Path> left = Files.list(temporary)) {
      assertThat(left.map(Path::getFileName).map(Path::toString))
          .as("left behind")
          .noneMatch(file -> file.startsWith("nereid-"));
    }
    return said;
  }
}
