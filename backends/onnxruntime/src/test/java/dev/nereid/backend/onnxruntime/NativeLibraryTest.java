package dev.nereid.backend.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtEnvironment;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.UnpackedFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibraryTest {

  @Test
  void theLibraryIsUnpackedOnceIntoAFolderOfItsVersion(@TempDir Path cache) throws Exception {
    UnpackedFiles files = NativeLibrary.files(cache);
    assertThat(files.areThere()).isFalse();
    Path folder = files.unpacked();
    assertThat(folder.getFileName().toString()).matches("onnxruntime-[0-9.]+-linux-x64");
    Object first = Files.getAttribute(folder.resolve("libonnxruntime.so"), "unix:ino");
    assertThat(NativeLibrary.files(cache).unpacked()).isEqualTo(folder);
    assertThat(Files.getAttribute(folder.resolve("libonnxruntime.so"), "unix:ino"))
        .isEqualTo(first);
  }

  @Test
  void aLibraryOfAnotherVersionIsRefused() {
    assertThatCode(() -> NativeLibrary.checkVersion(OrtEnvironment.getEnvironment().getVersion()))
        .doesNotThrowAnyException();
    assertThatThrownBy(() -> NativeLibrary.checkVersion("1.18.0"))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("version 1.18.0 (expected: ");
  }

  @Test
  void aFolderWithoutTheLibraryIsNamed(@TempDir Path directory) throws Exception {
    Path empty = Files.createDirectories(directory.resolve("empty"));
    String said =
        new ChildJvm()
            .with("-D" + NativeLibrary.PROPERTY + "=" + empty)
            .run(directory, Start.class, directory.resolve("cache").toString());
    assertThat(said)
        .contains(
            "ONNX Runtime cannot be started: ", "not found at " + empty + "/libonnxruntime.so");
  }

  /** Starts the engine, and says why it cannot. */
  static final class Start {

    private Start() {}

    public static void main(String[] args) {
      try {
        Engine.start(BackendSettings.parse(Map.of("library-cache-directory", args[0])));
      } catch (BackendException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  @Test
  void theEngineLoadsItFromThere() throws Exception {
    BackendSettings settings = BackendSettings.parse(Map.of());
    Engine.start(settings);
    String folder = System.getProperty(NativeLibrary.PROPERTY);
    assertThat(folder).isNotNull();
    assertThat(Files.readString(Path.of("/proc/self/maps")))
        .contains(folder + "/libonnxruntime.so");
  }
}
