package dev.nereid.backend.tensorflow.gpu;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Which of the libraries that TensorFlow needs for a GPU are there, and in which version.
 * TensorFlow itself says on standard error, at most, that some could not be opened.
 */
public final class LibraryReport {

  private static final String CUDNN = "libcudnn.so.8";

  private static final List<String> CUDNN_PARTS =
      List.of(
          "libcudnn_ops_infer.so.8",
          "libcudnn_ops_train.so.8",
          "libcudnn_cnn_infer.so.8",
          "libcudnn_cnn_train.so.8",
          "libcudnn_adv_infer.so.8",
          "libcudnn_adv_train.so.8");

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
              CUDNN,
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

  /**
   * What is missing of cuDNN, a line each, once TensorFlow has opened it: it opens its parts when
   * they are first needed, which depends on the graph, and ends the process where one is missing.
   * Looks for their files, since an opened part costs memory, and asks the linker only for one that
   * lies elsewhere.
   */
  public List<String> missingParts() {
    Optional<Path> cudnn = location(CUDNN, CUDNN);
    if (cudnn.isEmpty()) {
      return List.of();
    }
    List<String> problems = new ArrayList<>();
    for (String part : CUDNN_PARTS) {
      if (!isBeside(cudnn.get(), part) && SharedLibrary.find(paths.apply(part)).isEmpty()) {
        problems.add(
            "%s: not there (expected: beside %s, which ends the process where a graph needs it)"
                .formatted(part, cudnn.get()));
      }
    }
    return problems;
  }

  private static boolean isBeside(Path library, String file) {
    return Files.exists(library.resolveSibling(file));
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
            .formatted(
                required.file(),
                found,
                location(required.file(), stem(required.file()))
                    .map(Path::toString)
                    .orElse("an unknown place"),
                required.wanted()));
  }

  private static String stem(String file) {
    return file.substring(0, file.indexOf(".so") + 3);
  }

  private static String firstLine(UnsatisfiedLinkError error) {
    String message = String.valueOf(error.getMessage());
    return message.lines().findFirst().orElse(message);
  }

  /**
   * Where the dynamic linker found a library, by the process's own map.
   *
   * @param start of the mapped file's name, since a library is mapped under what its link leads to
   */
  private Optional<Path> location(String file, String start) {
    Path asked = Path.of(paths.apply(file));
    // As bytes: what others have mapped may have any name.
    try (Stream<String> lines =
        Files.lines(Path.of("/proc/self/maps"), StandardCharsets.ISO_8859_1)) {
      String folder = asked.isAbsolute() ? asked.toRealPath().getParent() + "/" : "/";
      return lines
          .filter(line -> line.contains("/"))
          .map(line -> line.substring(line.indexOf('/')))
          .filter(path -> path.startsWith(folder))
          .filter(path -> path.startsWith(start, path.lastIndexOf('/') + 1))
          .findFirst()
          .map(Path::of);
    } catch (IOException | UncheckedIOException | InvalidPathException e) {
      return Optional.empty();
    }
  }
}
