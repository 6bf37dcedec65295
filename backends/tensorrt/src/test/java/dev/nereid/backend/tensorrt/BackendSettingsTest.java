package dev.nereid.backend.tensorrt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BackendSettingsTest {

  @Test
  void enginesAreKeptBesideTheLibrariesUnlessTheUserSaysWhere() throws Exception {
    BackendSettings settings =
        BackendSettings.parse(Map.of("library-cache-directory", "/var/cache/nereid"));
    assertThat(settings)
        .isEqualTo(
            new BackendSettings(
                4, Path.of("/var/cache/nereid/tensorrt"), Path.of("/var/cache/nereid")));
    assertThat(BackendSettings.parse(Map.of("engine-cache-directory", "/engines")).cacheDirectory())
        .isEqualTo(Path.of("/engines"));
  }

  @Test
  void whatIsUnknownOrMalformedIsRefused() {
    assertThatThrownBy(() -> BackendSettings.parse(Map.of("plugins", "a.so")))
        .hasMessageContaining("--backend-config=tensorrt,plugins: a.so (expected: one of ")
        .hasMessageContaining("engine-cache-directory");
    assertThatThrownBy(() -> BackendSettings.parse(Map.of("default-max-batch-size", "-1")))
        .hasMessageContaining("default-max-batch-size: -1 (expected: an integer from 0 to");
  }
}
