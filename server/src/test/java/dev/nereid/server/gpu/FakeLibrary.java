package dev.nereid.server.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A library of {@code src/test/c}, built for one test: the real ABI through the real JNA, without a
 * GPU. Each has state of its own, since each is another file.
 */
public final class FakeLibrary {

  private final Path file;
  private final NativeLibrary library;

  private FakeLibrary(Path file) {
    this.file = file;
    library = NativeLibrary.getInstance(file.toString());
  }

  /**
   * Compiles a source and loads it. Skips the test where there is no C compiler.
   *
   * @param defines names for {@code -D}
   */
  public static FakeLibrary of(Path directory, String source, String... defines) {
    return new FakeLibrary(compiled(directory, source, defines));
  }

  /** Compiles a source, for another process to load. Skips the test likewise. */
  public static Path compiled(Path directory, String source, String... defines) {
    try {
      Path file = Files.createTempFile(directory, source, ".so");
      List<String> command =
          new ArrayList<>(List.of("cc", "-shared", "-fPIC", "-Wall", "-Werror", "-o"));
      command.add(file.toString());
      command.add(Path.of("src/test/c", source + ".c").toString());
      for (String define : defines) {
        command.add("-D" + define);
      }
      run(command);
      return file;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void run(List<String> command) throws IOException {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      assumeTrue(false, "no C compiler: " + e.getMessage());
      throw e;
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      assertThat(process.waitFor()).as(output).isZero();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** To open it by. */
  public String path() {
    return file.toString();
  }

  /** Says what the library is to answer. */
  public void tell(String function, @Nullable Object... arguments) {
    library.getFunction(function).invokeVoid(arguments);
  }

  /** Asks it what was done. */
  public int ask(String function, @Nullable Object... arguments) {
    return library.getFunction(function).invokeInt(arguments);
  }

  /** Asks it for an address. */
  public @Nullable Pointer askPointer(String function, @Nullable Object... arguments) {
    return library.getFunction(function).invokePointer(arguments);
  }

  /** Asks it for words. */
  public String askText(String function) {
    return library.getFunction(function).invokeString(new Object[0], false);
  }
}
