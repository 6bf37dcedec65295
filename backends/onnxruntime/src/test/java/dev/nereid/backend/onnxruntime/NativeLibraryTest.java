package dev.nereid.backend.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;

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
  void theEngineLoadsItFromThere() throws Exception {
    BackendSettings settings = BackendSettings.parse(Map.of());
    Engine.start(settings);
    String folder = System.getProperty(NativeLibrary.PROPERTY);
    assertThat(folder).isNotNull();
    assertThat(Files.readString(Path.of("/proc/self/maps")))
        .contains(folder + "/libonnxruntime.so");
  }
}
