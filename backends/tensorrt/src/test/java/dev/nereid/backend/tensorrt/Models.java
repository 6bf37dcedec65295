package dev.nereid.backend.tensorrt;

import dev.nereid.backend.GpuOptions;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.DataType;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** Descriptions of models for the tests of what needs no GPU. */
final class Models {

  static final TensorSpec IMAGE = new TensorSpec("image", DataType.FP32, -1, 3, 8, 8);
  static final TensorSpec SCORES = new TensorSpec("scores", DataType.FP32, -1, 10);

  private Models() {}

  static ModelSpec spec(int maxBatchSize, Integer... preferred) {
    return spec(GpuOptions.DEFAULT, maxBatchSize, List.of(preferred), Map.of());
  }

  static ModelSpec spec(Map<String, String> parameters) {
    return spec(GpuOptions.DEFAULT, 64, List.of(), parameters);
  }

  static ModelSpec spec(
      GpuOptions options,
      int maxBatchSize,
      List<Integer> preferred,
      Map<String, String> parameters) {
    ModelSource source =
        new ModelSource("net", 1, Path.of("net", "1"), ModelFile.PLAN_FILE, parameters);
    return new ModelSpec(
        source,
        maxBatchSize,
        preferred,
        List.of(IMAGE),
        List.of(SCORES),
        List.of(gpu("net_0_0")),
        OptionalInt.empty(),
        List.of(),
        options);
  }

  static InstanceSpec gpu(String name, String... profiles) {
    return new InstanceSpec(name, InstanceKind.GPU, 0, List.of(profiles));
  }

  /** A profile of one input of rows alone. */
  static Profile rows(long min, long opt, long max) {
    return new Profile(
        List.of(new ShapeRange(new long[] {min, 4}, new long[] {opt, 4}, new long[] {max, 4})));
  }
}
