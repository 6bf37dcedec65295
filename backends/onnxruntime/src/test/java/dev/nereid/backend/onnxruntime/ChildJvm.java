package dev.nereid.backend.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A JVM of its own, for what the engine has once a process. */
final class ChildJvm {

  private final ProcessBuilder builder = new ProcessBuilder();
  private final List<String> flags = new ArrayList<>();

  ChildJvm() {
    // The virtual machine's own threads are all there before main, and none comes or goes later.
    flags.addAll(List.of("-Xint", "-XX:+UseSerialGC"));
  }

  /** The variables that it starts with; this JVM's, to be changed. */
  Map<String, String> environment() {
    return builder.environment();
  }

  ChildJvm with(String flag) {
    flags.add(flag);
    return this;
  }

  /** Runs a main class to its end and returns what it said; fails if it failed. */
  String run(Path directory, Class<?> main, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    File output = directory.resolve("output").toFile();
    int exit =
        builder.command(command).redirectErrorStream(true).redirectOutput(output).start().waitFor();
    String said = Files.readString(output.toPath());
    assertThat(exit).as(said).isZero();
    return said;
  }
}
