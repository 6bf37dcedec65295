package dev.nereid.backend.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSource;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.OptimizerOptions.GlobalJitLevel;

class TfSessionSettingsTest {

  private static SessionSettings parse(Map<String, String> parameters) throws BackendException {
    return SessionSettings.parse(
        new ModelSource("m", 1, Path.of("m/1"), "model", parameters), OptionalInt.empty());
  }

  @Test
  void defaultsAreTritons() throws Exception {
    ConfigProto config = parse(Map.of()).toProto(OptionalInt.empty());
    assertThat(config).isEqualTo(ConfigProto.newBuilder().setAllowSoftPlacement(true).build());
    Backend backend = new TensorFlowProvider().start(Map.of());
    assertThat(backend.defaultMaxBatchSize()).isEqualTo(4);
    assertThat(backend.defaultCpuInstanceCount()).isEqualTo(2);
    assertThat(backend.defaultModelFilename()).isEqualTo("model.savedmodel");
  }

  @Test
  void threadCountsReachTheSession() throws Exception {
    ConfigProto config =
        parse(
                Map.of(
                    "TF_NUM_INTRA_THREADS", "3",
                    "TF_NUM_INTER_THREADS", "2",
                    "TF_USE_PER_SESSION_THREADS", "On"))
            .toProto(OptionalInt.empty());
    assertThat(config.getIntraOpParallelismThreads()).isEqualTo(3);
    assertThat(config.getInterOpParallelismThreads()).isEqualTo(2);
    assertThat(config.getUsePerSessionThreads()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"-1,OFF", "0,DEFAULT", "1,ON_1", "2,ON_2"})
  void graphLevelsAreTritons(int level, GlobalJitLevel expected) throws Exception {
    assertThat(
            parse(Map.of())
                .toProto(OptionalInt.of(level))
                .getGraphOptions()
                .getOptimizerOptions()
                .getGlobalJitLevel())
        .isEqualTo(expected);
  }

  @Test
  void otherGraphLevelsAreRefused() {
    assertThatThrownBy(() -> parse(Map.of()).toProto(OptionalInt.of(3)))
        .isInstanceOf(BackendException.class)
        .hasMessage("optimization.graph.level: 3 (expected: -1, 0, 1 or 2)");
  }

  @Test
  void backendSettingsAreReadStrictly(@TempDir Path directory) throws Exception {
    assertThat(
            BackendSettings.parse(
                Map.of(
                    "default-max-batch-size",
                    "0",
                    "library-cache-directory",
                    directory.toString())))
        .isEqualTo(
            new BackendSettings(
                0,
                directory,
                Optional.of(directory.resolve("tensorrt-engines")),
                new GpuMemory(0, true)));
    assertThatThrownBy(() -> BackendSettings.parse(Map.of("default-max-batch-size", "-1")))
        .isInstanceOf(BackendException.class)
        .hasMessageStartingWith(
            "--backend-config=tensorflow,default-max-batch-size: -1 (expected: ");
    assertThatThrownBy(() -> BackendSettings.parse(Map.of("library-cache-directory", "a\0b")))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("(expected: a path)");
  }

  @Test
  void aCacheThatCannotBeWrittenIsRefusedWithTheSettingThatNamesAnother() {
    assertThatThrownBy(
            () -> new TensorFlowProvider().start(Map.of("library-cache-directory", "/proc/none")))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("/proc/none")
        .hasMessageEndingWith("--backend-config=tensorflow,library-cache-directory=DIR names)");
  }
}
