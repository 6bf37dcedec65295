package dev.nereid.backend.tensorflow.gpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;

/**
 * Which of the libraries that TensorFlow needs for a GPU are there, and in which version.
 * TensorFlow itself says on standard error, at most, that some could not be opened.
 */
public final class LibraryReport {

  private static final List<RequiredLibrary> REQUIRED =
      List.of(
          new RequiredLibrary(
              "libcuda.so.1",
              "a driver for CUDA 12.0 or newer",
              12000,
              Long.MAX_VALUE,
              RequiredLibrary.Asked.BY_REFERENCE,
              "cuDriverGetVersion",
              false),
          new RequiredLibrary(
              "libcudart.so.12",
              "12.x",
              12000,
              12999,
              RequiredLibrary.Asked.BY_REFERENCE,
              "cudaRuntimeGetVersion",
              false),
          new RequiredLibrary(
              "libcublas.so.12",
              "12",
              12,
              12,
              RequiredLibrary.Asked.BY_PROPERTY,
              "cublasGetProperty",
              false),
          RequiredLibrary.present("libcublasLt.so.12"),
          new RequiredLibrary(
              "libcudnn.so.8",
              "8.9 (8900 to 8999)",
              8900,
              8999,
              RequiredLibrary.Asked.BY_SIZE,
              "cudnnGetVersion",
              false),
          RequiredLibrary.present("libcufft.so.11"),
          RequiredLibrary.present("libcusolver.so.11"),
          RequiredLibrary.present("libcusparse.so.12"),
          new RequiredLibrary(
              "libnvinfer.so.8.6.1",
              "8.6.1 (8601)",
              8601,
              8601,
              RequiredLibrary.Asked.BY_INT,
              "getInferLibVersion",
              true),
          new RequiredLibrary(
              "libnvinfer_plugin.so.8.6.1", "8.6.1", 0, 0, RequiredLibrary.Asked.NOT, "", true));

  private final UnaryOperator<String> paths;

  public LibraryReport() {
    this(UnaryOperator.identity());
  }

  /**
   * @param paths by the name of a library, what to open
   */
  LibraryReport(UnaryOperator<String> paths) {
    this.paths = paths;
  }

  /** What is missing or wrong for a GPU to be used at all, a line each; empty where nothing is. */
  public List<String> problems() {
    return problems(false);
  }

  /** What is missing or wrong for TensorRT's engines, a line each; empty where nothing is. */
  public List<String> tensorRtProblems() {
    return problems(true);
  }

  /** TensorRT's version as its library tells, as 8601. */
  public OptionalLong tensorRtVersion() {
    RequiredLibrary tensorRt =
        REQUIRED.stream()
            .filter(x -> x.file().startsWith("libnvinfer.so"))
            .findFirst()
            .orElseThrow();
    return SharedLibrary.find(paths.apply(tensorRt.file()))
        .map(tensorRt::version)
        .orElse(OptionalLong.empty());
  }

  private List<String> problems(boolean forTensorRt) {
    List<String> problems = new ArrayList<>();
    for (RequiredLibrary required : REQUIRED) {
      if (required.forTensorRt() == forTensorRt) {
        problem(required).ifPresent(problems::add);
      }
    }
    return problems;
  }

  private Optional<String> problem(RequiredLibrary required) {
    SharedLibrary library;
    try {
      library = SharedLibrary.open(paths.apply(required.file()));
    } catch (UnsatisfiedLinkError e) {
      return Optional.of(
          "%s: cannot be opened: %s (expected: version %s, in a folder of LD_LIBRARY_PATH)"
              .formatted(required.file(), firstLine(e), required.wanted()));
    }
    OptionalLong version = required.version(library);
    if (required.suits(version)) {
      return Optional.empty();
    }
    String found =
        version.isPresent() ? "version " + version.getAsLong() : "does not tell its version";
    return Optional.of(
        "%s: %s, found at %s (expected: version %s)"
            .formatted(required.file(), found, location(required.file()), required.wanted()));
  }

  private static String firstLine(UnsatisfiedLinkError error) {
    String message = String.valueOf(error.getMessage());
    return message.lines().findFirst().orElse(message);
  }

  /** Where the dynamic linker found a library, by the process's own map. */
  private static String location(String file) {
    String stem = file.substring(0, file.indexOf(".so") + 3);
    try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines
          .map(line -> line.substring(line.lastIndexOf(' ') + 1))
          .filter(path -> path.substring(path.lastIndexOf('/') + 1).startsWith(stem))
          .findFirst()
          .orElse("an unknown place");
    } catch (IOException e) {
      return "an unknown place";
    }
  }
}
