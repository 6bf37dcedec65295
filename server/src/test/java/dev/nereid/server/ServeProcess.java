package dev.nereid.server;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** {@code nereid serve} as a process of its own, by this test's class path. */
final class ServeProcess implements AutoCloseable {

  private static final long PATIENCE_SECONDS = 120;

  private final Process process;
  private final BufferedReader lines;
  private final List<String> seen = new ArrayList<>();

  private ServeProcess(Process process) {
    this.process = process;
    lines =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  static ServeProcess start(String... flags) throws IOException {
    return start(Map.of(), flags);
  }

  /**
   * @param environment what it has more than this process's
   */
  static ServeProcess start(Map<String, String> environment, String... flags) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                ServeCommand.class.getName()));
    command.addAll(List.of(flags));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    return new ServeProcess(builder.start());
  }

  /** Reads its output until a line holds that text. */
  String awaitLine(String text) throws IOException {
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      seen.add(line);
      if (line.contains(text)) {
        return line;
      }
    }
    throw new AssertionError("no line with '" + text + "' in " + seen);
  }

  /** Sends SIGTERM; its output can still be read, as after {@link Process#destroy} it could not. */
  void terminate() {
    if (!process.toHandle().destroy()) {
      throw new IllegalStateException("the process took no signal");
    }
  }

  /** Waits for its end; a process that does not end fails the test. */
  int exitCode() throws InterruptedException {
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("the process has not ended after " + seen);
    }
    return process.exitValue();
  }

  /** Ends it, whatever it does. */
  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    lines.close();
  }
}
