package dev.nereid.launcher;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** One of our shell scripts, run beside programs that a test has put in place of the real ones. */
record ShellScript(Path file, Map<String, String> environment) {

  /**
   * How it ended.
   *
   * @param said on both of its outputs
   */
  record Ended(int code, String said) {}

  /**
   * Copies a script out of the source tree.
   *
   * @param source from the top of the tree
   */
  static Path copy(String source, Path to) throws IOException {
    Files.createDirectories(to.resolveSibling(""));
    Files.copy(tree().resolve(source), to, StandardCopyOption.COPY_ATTRIBUTES);
    return executable(to);
  }

  private static Path tree() {
    for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
      if (Files.exists(folder.resolve("dist/src/bin/nereid"))) {
        return folder;
      }
    }
    throw new IllegalStateException("no folder above this one is the source tree");
  }

  /** Writes a program of shell lines. */
  static Path write(Path file, String lines) throws IOException {
    Files.createDirectories(file.resolveSibling(""));
    return executable(Files.writeString(file, "#!/bin/sh\n" + lines));
  }

  private static Path executable(Path file) throws IOException {
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  Ended run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(file.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    for (String name : List.of("NEREID_GPU_STACK", "LD_LIBRARY_PATH", "NEREID_JAVA_OPTS")) {
      builder.environment().remove(name);
    }
    builder.environment().putAll(environment);
    Process process = builder.start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(process.waitFor(), said);
  }
}
