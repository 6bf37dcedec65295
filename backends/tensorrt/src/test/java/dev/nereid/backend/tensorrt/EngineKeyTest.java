package dev.nereid.backend.tensorrt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.backend.TensorSpec;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class EngineKeyTest {

  private static final Gpu H100 = new Gpu(0, "NVIDIA H100 80GB HBM3", 9, 0, 132);
  private static final BuildOptions FP16 = new BuildOptions(Precision.FP16, 0, 3);
  private static final List<TensorSpec> INPUTS = List.of(Models.IMAGE);
  private static final Profile ROWS = Models.rows(1, 64, 64);

  private static EngineKey key(String digest, Gpu gpu, BuildOptions options, Profile profile) {
    return new EngineKey(digest, gpu, "10.6.0.26", "12.6", options, INPUTS, profile, 2);
  }

  @Test
  void theSameEngineHasTheSameNameOnAnotherGpuOfItsKind() {
    Gpu next = new Gpu(3, H100.name(), 9, 0, 132);
    assertThat(key("abc", next, FP16, ROWS).fileName())
        .isEqualTo(key("abc", H100, FP16, ROWS).fileName())
        .matches("[0-9a-f]{32}\\.engine");
  }

  @Test
  void whateverAnEngineDependsOnChangesItsName() {
    EngineKey key = key("abc", H100, FP16, ROWS);
    Stream<EngineKey> others =
        Stream.of(
            key("abd", H100, FP16, ROWS),
            key("abc", new Gpu(0, "NVIDIA H200", 9, 0, 132), FP16, ROWS),
            key("abc", new Gpu(0, H100.name(), 9, 1, 132), FP16, ROWS),
            key("abc", new Gpu(0, H100.name(), 9, 0, 16), FP16, ROWS),
            key("abc", H100, new BuildOptions(Precision.TF32, 0, 3), ROWS),
            key("abc", H100, new BuildOptions(Precision.FP16, 1, 3), ROWS),
            key("abc", H100, new BuildOptions(Precision.FP16, 0, 5), ROWS),
            key("abc", H100, FP16, Models.rows(1, 32, 64)),
            new EngineKey("abc", H100, "10.7.0.1", "12.6", FP16, INPUTS, ROWS, 2),
            new EngineKey("abc", H100, "10.6.0.26", "12.9", FP16, INPUTS, ROWS, 2),
            new EngineKey("abc", H100, "10.6.0.26", "12.6", FP16, INPUTS, ROWS, 4));
    assertThat(Stream.concat(Stream.of(key), others).map(EngineKey::fileName))
        .doesNotHaveDuplicates()
        .hasSize(12);
  }

  @Test
  void measuredTimesOfKernelsAreSharedByAllModelsOnSuchAGpu() {
    assertThat(key("abc", H100, FP16, ROWS).timingFileName())
        .isEqualTo(
            key("xyz", H100, new BuildOptions(Precision.INT8, 9, 5), Models.rows(1, 1, 2))
                .timingFileName())
        .endsWith(".timings");
  }

  @Test
  void theTextSaysInWordsWhatTheEngineIsFor() {
    assertThat(key("abc", H100, FP16, ROWS).text())
        .contains(
            "model: abc\n",
            "gpu: NVIDIA H100 80GB HBM3, 9.0, 132 multiprocessors\n",
            "tensorrt: 10.6.0.26\n",
            "precision: FP16\n",
            "input: image [1,4]..[64,4], fastest at [64,4]\n",
            "profiles: 2\n");
  }

  @Test
  void aT4HasNoUnitsForTf32() {
    Gpu t4 = new Gpu(0, "Tesla T4", 7, 5, 40);
    assertThat(Stream.of(Precision.values()).filter(t4::isFasterIn))
        .containsExactly(Precision.FP32, Precision.FP16, Precision.INT8);
    assertThat(Stream.of(Precision.values()).filter(H100::isFasterIn)).hasSize(4);
  }
}
