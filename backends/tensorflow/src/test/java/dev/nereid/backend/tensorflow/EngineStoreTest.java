package dev.nereid.backend.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.backend.tensorflow.EngineStore.Stack;
import dev.nereid.backend.tensorflow.TensorRtOptions.Precision;
import dev.nereid.tensor.DataType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EngineStoreTest {

  private static final String H100 = "NVIDIA H100 80GB HBM3 (compute capability 9.0)";
  private static final String T4 = "Tesla T4 (compute capability 7.5)";
  private static final Stack STACK =
      new Stack("2.16.1", "8601", "580.159.04 for CUDA 13.0", List.of(H100, H100, T4));
  private static final TensorRtOptions FP16 = new TensorRtOptions(Precision.FP16, 3, 1 << 30, 100);
  private static final Padding SIZES = new Padding(List.of(1, 16));

  @TempDir Path directory;

  private ModelSpec spec(String weights, long... shape) throws Exception {
    Path model = Files.createDirectories(directory.resolve("m/1/model.savedmodel"));
    Files.writeString(model.resolve("saved_model.pb"), weights);
    ModelSource source =
        new ModelSource("m", 1, directory.resolve("m/1"), "model.savedmodel", Map.of());
    return ModelSpec.of(
        source,
        16,
        List.of(new TensorSpec("in", DataType.FP32, shape)),
        List.of(new TensorSpec("out", DataType.FP32, -1, 1000)));
  }

  private String folder(
      Stack stack, ModelSpec spec, TensorRtOptions options, Padding sizes, int gpu)
      throws Exception {
    return new EngineStore(directory, stack).of(spec, options, sizes, gpu).key().folder();
  }

  @Test
  void whateverChangesAnEngineChangesItsKey() throws Exception {
    Set<String> keys = new HashSet<>();
    keys.add(folder(STACK, spec("weights", -1, 224), FP16, SIZES, 0));
    assertThat(keys.add(folder(STACK, spec("weights", -1, 224), FP16, SIZES, 0))).isFalse();
    assertThat(keys.add(folder(STACK, spec("weights", -1, 224), FP16, SIZES, 1)))
        .as("an equal GPU has equal engines")
        .isFalse();
    keys.add(folder(STACK, spec("weights", -1, 224), FP16, SIZES, 2));
    keys.add(folder(STACK, spec("weight5", -1, 224), FP16, SIZES, 0));
    keys.add(folder(STACK, spec("weights", -1, 299), FP16, SIZES, 0));
    keys.add(folder(STACK, spec("weights", -1, 224), FP16, new Padding(List.of(16)), 0));
    keys.add(
        folder(
            STACK,
            spec("weights", -1, 224),
            new TensorRtOptions(Precision.INT8, 3, 1 << 30, 100),
            SIZES,
            0));
    keys.add(
        folder(
            new Stack("2.16.1", "8601", "535.1 for CUDA 12.2", List.of(H100)),
            spec("weights", -1, 224),
            FP16,
            SIZES,
            0));
    keys.add(
        folder(
            new Stack("2.16.1", "8501", "580.159.04 for CUDA 13.0", List.of(H100)),
            spec("weights", -1, 224),
            FP16,
            SIZES,
            0));
    assertThat(keys).hasSize(8);
  }
}
