package dev.nereid.backend.tensorflow.gpu;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** Small shared libraries in the place of NVIDIA's, compiled when they are needed. */
final class FakeLibrary {

  private FakeLibrary() {}

  /** Compiles C; the test is skipped where there is no compiler. */
  static Path compile(Path directory, String file, String source)
      throws IOException, InterruptedException {
    Path code = Files.writeString(directory.resolve(file + ".c"), source);
    Path library = directory.resolve(file);
    Process compiler;
    try {
      compiler =
          new ProcessBuilder("cc", "-shared", "-fPIC", "-o", library.toString(), code.toString())
              .redirectErrorStream(true)
              .redirectOutput(new File("/dev/null"))
              .start();
    } catch (IOException e) {
      Assumptions.abort("no C compiler: " + e.getMessage());
      throw e;
    }
    if (compiler.waitFor() != 0) {
      throw new IOException("cc does not compile: " + source);
    }
    return library;
  }
}
