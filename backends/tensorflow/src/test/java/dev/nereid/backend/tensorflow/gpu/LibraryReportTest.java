package dev.nereid.backend.tensorflow.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibraryReportTest {

  private static final Map<String, String> RIGHT =
      Map.of(
          "libcuda.so.1", "int cuDriverGetVersion(int* v) { *v = 13000; return 0; }",
          "libcudart.so.12", "int cudaRuntimeGetVersion(int* v) { *v = 12030; return 0; }",
          "libcublas.so.12", "int cublasGetProperty(int p, int* v) { *v = 12 + p; return 0; }",
          "libcublasLt.so.12", "int nothing;",
          "libcudnn.so.8", "unsigned long cudnnGetVersion(void) { return 8907; }",
          "libcufft.so.11", "int nothing;",
          "libcusolver.so.11", "int nothing;",
          "libcusparse.so.12", "int nothing;",
          "libnvinfer.so.8.6.1", "int getInferLibVersion(void) { return 8601; }",
          "libnvinfer_plugin.so.8.6.1", "int nothing;");

  @TempDir Path directory;

  @BeforeEach
  void compileAll() throws Exception {
    for (Map.Entry<String, String> library : RIGHT.entrySet()) {
      FakeLibrary.compile(directory, library.getKey(), library.getValue());
    }
  }

  private LibraryReport report() {
    return new LibraryReport(name -> directory.resolve(name).toString());
  }

  @Test
  void whereAllIsThereInItsVersionThereIsNothingToSay() {
    assertThat(report().problems()).isEmpty();
    assertThat(report().tensorRtProblems()).isEmpty();
    assertThat(report().tensorRtVersion()).hasValue(8601);
  }

  @Test
  void aLibraryThatIsMissingIsNamedWithTheVersionThatIsWanted() throws Exception {
    Files.delete(directory.resolve("libcudnn.so.8"));
    Files.delete(directory.resolve("libnvinfer_plugin.so.8.6.1"));
    assertThat(report().problems())
        .singleElement()
        .asString()
        .startsWith("libcudnn.so.8: cannot be opened: ")
        .endsWith("(expected: version 8.9 (8900 to 8999), in a folder of LD_LIBRARY_PATH)");
    assertThat(report().tensorRtProblems())
        .singleElement()
        .asString()
        .startsWith("libnvinfer_plugin.so.8.6.1: cannot be opened: ");
  }

  @Test
  void aLibraryOfAnotherVersionIsNamedWithWhatWasFoundAndWhere() throws Exception {
    FakeLibrary.compile(
        directory,
        "libcublas.so.12",
        "int cublasGetProperty(int p, int* v) { *v = 11; return 0; }");
    FakeLibrary.compile(
        directory, "libnvinfer.so.8.6.1", "int getInferLibVersion(void) { return 8501; }");
    assertThat(report().problems())
        .containsExactly(
            "libcublas.so.12: version 11, found at %s (expected: version 12)"
                .formatted(directory.toRealPath().resolve("libcublas.so.12")));
    assertThat(report().tensorRtProblems())
        .singleElement()
        .asString()
        .startsWith("libnvinfer.so.8.6.1: version 8501, found at ");
  }

  @Test
  void aDriverThatIsTooOldIsSaidToBe() throws Exception {
    FakeLibrary.compile(
        directory, "libcuda.so.1", "int cuDriverGetVersion(int* v) { *v = 11080; return 0; }");
    assertThat(report().problems())
        .singleElement()
        .asString()
        .startsWith("libcuda.so.1: version 11080, found at ")
        .endsWith("(expected: version a driver for CUDA 12.0 or newer)");
  }

  @Test
  void aPartOfCudnnThatIsMissingIsNamedWithTheFolderThatItBelongsIn() throws Exception {
    assertThat(report().missingParts()).as("before it is opened").isEmpty();
    assertThat(report().problems()).isEmpty();
    List<String> parts =
        List.of(
            "libcudnn_ops_infer.so.8",
            "libcudnn_ops_train.so.8",
            "libcudnn_cnn_infer.so.8",
            "libcudnn_cnn_train.so.8",
            "libcudnn_adv_infer.so.8",
            "libcudnn_adv_train.so.8");
    for (String part : parts) {
      Files.createFile(directory.resolve(part));
    }
    assertThat(report().missingParts()).isEmpty();
    Files.delete(directory.resolve("libcudnn_ops_train.so.8"));
    assertThat(report().missingParts())
        .containsExactly(
            "libcudnn_ops_train.so.8: not there (expected: beside %s, which ends the process where"
                    .formatted(directory.toRealPath().resolve("libcudnn.so.8"))
                + " a graph needs it)");
  }

  @Test
  void anEmptyLibraryInTheirPlaceDoesNotTellItsVersion() throws Exception {
    FakeLibrary.compile(directory, "libcudart.so.12", "int nothing;");
    assertThat(report().problems())
        .singleElement()
        .asString()
        .startsWith("libcudart.so.12: does not tell its version, found at ");
  }
}
