package dev.nereid.backend.tensorrt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.nereid.backend.BackendException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the backend says where something is missing, against libraries compiled here, each in a JVM
 * of its own since a library is loaded once a process.
 */
@SuppressWarnings("NullAway.Init") // JUnit fills the directory before each test.
class NativeLibrariesTest {

  private static final long MOST_BYTES = 16 << 20;

  @TempDir private Path directory;

  @BeforeAll
  static void nothingRealIsHere() {
    assumeFalse(Files.exists(Path.of("/dev/nvidiactl")), "a GPU host has the real libraries");
  }

  /** Prints why the backend does not start, or does not for the last of some runtimes. */
  static final class Starter {
    private Starter() {}

    public static void main(String[] args) {
      try {
        Map<String, String> settings = Map.of("library-cache-directory", args[0]);
        new TensorRtProvider().start(settings).close();
        // What a model's load begins with.
        Loaders loaders = new Loaders(BackendSettings.parse(settings));
        for (String runtime : args[1].split(",")) {
          print(loaders, EngineRuntime.valueOf(runtime));
        }
      } catch (Exception e) {
        System.out.println(e.getMessage());
      }
    }

    private static void print(Loaders loaders, EngineRuntime runtime) {
      try {
        loaders.of(runtime);
        System.out.println("started");
      } catch (BackendException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  private FakeLibraries fakes() {
    return new FakeLibraries(directory);
  }

  private void driver(int status, int version, int devices) throws Exception {
    fakes()
        .compile(
            "libcuda.so.1",
            """
        int cuInit(unsigned flags) { return %d; }
        int cuDriverGetVersion(int *version) { *version = %d; return 0; }
        int cuDeviceGetCount(int *count) { *count = %d; return 0; }
        int cuGetErrorString(int error, const char **text) { *text = "no such luck"; return 0; }
        """
                .formatted(status, version, devices));
  }

  private void runtime(int version) throws Exception {
    fakes()
        .compile(
            "libcudart.so.12",
            "int cudaRuntimeGetVersion(int *version) { *version = %d; return 0; }"
                .formatted(version));
  }

  private void tensorRt(int version) throws Exception {
    fakes()
        .compile(
            "libnvinfer.so.10", "int getInferLibVersion(void) { return %d; }".formatted(version));
  }

  private void everyFunctionOfTensorRt() throws Exception {
    fakes()
        .compile(
            "libnvinfer.so.10",
            """
        int getInferLibVersion(void) { return 100600; }
        int getInferLibMajorVersion(void) { return 10; }
        int getInferLibMinorVersion(void) { return 6; }
        int getInferLibPatchVersion(void) { return 0; }
        int getInferLibBuildVersion(void) { return 26; }
        void *createInferRuntime_INTERNAL(void *logger, int version) { return 0; }
        void *createInferBuilder_INTERNAL(void *logger, int version) { return 0; }
        """);
  }

  private String start() throws Exception {
    return start(EngineRuntime.TENSORRT);
  }

  private String start(EngineRuntime... runtimes) throws Exception {
    String names = Stream.of(runtimes).map(EngineRuntime::name).collect(Collectors.joining(","));
    return fakes().run(Starter.class, directory.resolve("cache").toString(), names);
  }

  @Test
  void withoutADriverTheBackendDoesNotStartAndSaysWhichFileIsMissing() {
    assertThatThrownBy(() -> new TensorRtProvider().start(Map.of()))
        .hasMessageStartingWith(
            "backend 'tensorrt': libcuda.so.1: cannot be opened (expected: an NVIDIA driver, 525")
        .hasMessageContaining("No such file or directory");
  }

  @Test
  void aDriverThatCannotBeUsedIsNamedWithItsReason() throws Exception {
    driver(100, 13000, 1);
    assertThat(start())
        .isEqualTo(
            "backend 'tensorrt': libcuda.so.1: cuInit failed: error 100, no such luck (expected: a"
                + " GPU that this process may use)");
    driver(0, 11080, 1);
    assertThat(start())
        .isEqualTo(
            "backend 'tensorrt': libcuda.so.1: a driver for CUDA 11.8 (expected: CUDA 12.0 or"
                + " newer: driver 525)");
    driver(0, 13000, 0);
    assertThat(start())
        .isEqualTo(
            "backend 'tensorrt': libcuda.so.1: no GPU (expected: a GPU that this process may use)");
  }

  @Test
  void aLibraryThatIsMissingOrOfAnotherVersionIsNamedWithWhatWasFound() throws Exception {
    driver(0, 13000, 1);
    assertThat(start()).startsWith("backend 'tensorrt': libcudart.so.12: cannot be opened (expec");
    runtime(11080);
    assertThat(start())
        .isEqualTo("backend 'tensorrt': libcudart.so.12: CUDA 11.8 (expected: CUDA 12)");
    runtime(12060);
    assertThat(start())
        .startsWith(
            "backend 'tensorrt': libnvinfer.so.10: cannot be opened (expected: TensorRT, 10.6 or");
    tensorRt(8601);
    assertThat(start())
        .isEqualTo(
            "backend 'tensorrt': libnvinfer.so.10: TensorRT 8.6.1 (expected: 10.6 or a later 10)");
    tensorRt(100500);
    assertThat(start())
        .isEqualTo(
            "backend 'tensorrt': libnvinfer.so.10: TensorRT 10.5.0 (expected: 10.6 or a later"
                + " 10)");
    fakes().compile("libnvinfer.so.10", "int something(void) { return 0; }");
    assertThat(start()).contains("libnvinfer.so.10: no function 'getInferLibVersion'");
    tensorRt(100600);
    assertThat(start()).contains("libnvinfer.so.10: no function 'createInferRuntime_INTERNAL'");
    everyFunctionOfTensorRt();
    assertThat(start()).startsWith("backend 'tensorrt': libnvrtc.so.12: cannot be opened (expec");
  }

  @Test
  void withDjlItIsTensorRt8ThatMustBeThereAndEachFileIsNamed() throws Exception {
    driver(0, 13000, 1);
    runtime(12030);
    assertThat(start(EngineRuntime.DJL))
        .startsWith(
            "backend 'tensorrt': libnvinfer.so.8: cannot be opened (expected: TensorRT 8.6, for"
                + " runtime 'djl';");
    tensorRt8(8401);
    assertThat(start(EngineRuntime.DJL))
        .isEqualTo("backend 'tensorrt': libnvinfer.so.8: TensorRT 8.4.1 (expected: 8.6)");
    tensorRt8(8601);
    for (String library :
        List.of("libnvinfer_plugin.so.8", "libnvonnxparser.so.8", "libnvparsers.so.8")) {
      assertThat(start(EngineRuntime.DJL))
          .startsWith("backend 'tensorrt': " + library + ": cannot be opened (expected: TensorRT");
      fakes().compile(library, "int nothing(void) { return 0; }");
    }
    assertThat(start(EngineRuntime.TENSORRT))
        .startsWith("backend 'tensorrt': libnvinfer.so.10: cannot be opened");
  }

  private void tensorRt8(int version) throws Exception {
    fakes()
        .compile(
            "libnvinfer.so.8", "int getInferLibVersion(void) { return %d; }".formatted(version));
  }

  @Test
  void whereAllIsInItsPlaceTheBindingIsLoadedAndTheBackendStarts() throws Exception {
    driver(0, 13000, 1);
    runtime(12060);
    everyFunctionOfTensorRt();
    fakes().compileLinked();
    assertThat(start())
        .contains("TensorRT 10.6.0.26 on CUDA 12.6, without its own plug-ins")
        .endsWith("started");
  }

  /** What of it was opened stays, and its functions have the names of the other's. */
  @Test
  void aTensorRtWhoseStartFailedHalfWayIsStillTheOneOfItsProcess() throws Exception {
    driver(0, 13000, 1);
    fakes()
        .compile(
            "libcudart.so.12",
            """
            static int calls;
            int cudaRuntimeGetVersion(int *version) { *version = 12060; return calls++ ? 3 : 0; }
            """);
    everyFunctionOfTensorRt();
    fakes().compileLinked();
    assertThat(start(EngineRuntime.TENSORRT, EngineRuntime.DJL))
        .contains("backend 'tensorrt': CUDA error 3 in cudaRuntimeGetVersion")
        .endsWith(
            "parameters['runtime']: djl (expected: tensorrt, since this process has TensorRT 10"
                + " already, and can have one)");
  }

  @Test
  void versionsReadAsTheirMakersWriteThem() {
    assertThat(NativeLibraries.cudaVersion(12060)).isEqualTo("12.6");
    assertThat(NativeLibraries.tensorRtVersion(100600)).isEqualTo("10.6.0");
    assertThat(NativeLibraries.tensorRtVersion(8601)).isEqualTo("8.6.1");
  }

  /** A gigabyte of libraries would otherwise come along with a wrong classifier. */
  @Test
  void theJarsHoldNoneOfTheLibrariesThemselves() throws Exception {
    List<String> libraries = List.of("libnvinfer.so", "libcudart.so", "libcublas", "libcudnn");
    long byteSize = 0;
    for (String element : System.getProperty("java.class.path").split(":")) {
      if (!element.contains("bytedeco")) {
        continue;
      }
      byteSize += Files.size(Path.of(element));
      try (ZipFile jar = new ZipFile(element)) {
        Enumeration<? extends ZipEntry> entries = jar.entries();
        while (entries.hasMoreElements()) {
          String name = entries.nextElement().getName();
          String file = name.substring(name.lastIndexOf('/') + 1);
          assertThat(libraries).as(element).noneMatch(file::startsWith);
        }
      }
    }
    assertThat(byteSize).isBetween(1L, MOST_BYTES);
    assertThat(Arrays.asList(System.getProperty("java.class.path").split(":")))
        .noneMatch(element -> element.contains("redist"));
  }
}
