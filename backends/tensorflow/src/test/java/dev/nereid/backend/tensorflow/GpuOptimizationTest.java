package dev.nereid.backend.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.ModelSpec.Accelerator;
import dev.nereid.backend.tensorflow.TensorRtOptions.Precision;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.OptimizerOptions.GlobalJitLevel;
import org.tensorflow.proto.RewriterConfig;

class GpuOptimizationTest {

  private static final InstanceSpec ON_CPU = new InstanceSpec("m_0", InstanceKind.CPU, 0);
  private static final InstanceSpec ON_GPU = new InstanceSpec("m_1", InstanceKind.GPU, 0);
  private static final GpuMemory MEMORY = new GpuMemory(0, true);

  private static ModelSpec spec(InstanceSpec instance, Accelerator... accelerators) {
    ModelSource source = new ModelSource("m", 1, Path.of("m/1"), "model.savedmodel", Map.of());
    return ModelSpec.of(source, 16, List.of(), List.of())
        .withInstances(ON_CPU, instance)
        .withAccelerators(accelerators);
  }

  private static Accelerator gpu(String name, String... parameters) {
    Map<String, String> map =
        parameters.length == 0 ? Map.of() : Map.of(parameters[0], parameters[1]);
    return new Accelerator(InstanceKind.GPU, name, map);
  }

  private static void assertRefused(ModelSpec spec, String message) {
    assertThatThrownBy(() -> GpuOptimization.parse(spec))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining(message);
  }

  private static ConfigProto config(ModelSpec spec, OptionalInt level) throws BackendException {
    return SessionSettings.parse(spec.source(), OptionalInt.of(16))
        .toGpuProto(level, MEMORY, GpuOptimization.parse(spec), 16);
  }

  @Test
  void defaultsAreTritons() throws Exception {
    assertThat(GpuOptimization.parse(spec(ON_GPU, gpu("tensorrt"))).tensorRt())
        .contains(new TensorRtOptions(Precision.FP32, 3, 1L << 30, 100));
    assertThat(GpuOptimization.parse(spec(ON_GPU))).isEqualTo(GpuOptimization.NONE);
  }

  @ParameterizedTest
  @CsvSource({
    "precision_mode,INT8",
    "minimum_segment_size,5",
    "max_workspace_size_bytes,8589934592",
    "max_cached_engines,7",
    "maximum_cached_engines,7"
  })
  void everyParameterReachesTheGraphOptimiserUnderItsName(String name, String value)
      throws Exception {
    RewriterConfig rewriter =
        config(spec(ON_GPU, gpu("tensorrt", name, value)), OptionalInt.empty())
            .getGraphOptions()
            .getRewriteOptions();
    AttrValue attribute = rewriter.getCustomOptimizers(0).getParameterMapOrThrow(name);
    assertThat(
            name.equals("precision_mode")
                ? attribute.getS().toStringUtf8()
                : Long.toString(attribute.getI()))
        .isEqualTo(value);
  }

  @Test
  void thePassesAreTritonsAndTheCachedEnginesHaveBothNames() throws Exception {
    RewriterConfig rewriter =
        config(spec(ON_GPU, gpu("tensorrt", "max_cached_engines", "9")), OptionalInt.of(1))
            .getGraphOptions()
            .getRewriteOptions();
    assertThat(rewriter.getMetaOptimizerIterations())
        .isEqualTo(RewriterConfig.NumIterationsType.ONE);
    assertThat(rewriter.getOptimizersList()).containsExactly("constfold", "layout", "constfold");
    assertThat(rewriter.getCustomOptimizersList())
        .extracting(RewriterConfig.CustomGraphOptimizer::getName)
        .containsExactly("TensorRTOptimizer", "constfold");
    RewriterConfig.CustomGraphOptimizer tensorRt = rewriter.getCustomOptimizers(0);
    assertThat(tensorRt.getParameterMapOrThrow("max_cached_engines").getI()).isEqualTo(9);
    assertThat(tensorRt.getParameterMapOrThrow("maximum_cached_engines").getI()).isEqualTo(9);
    assertThat(tensorRt.getParameterMapOrThrow("max_batch_size").getI()).isEqualTo(16);
    assertThat(tensorRt.getParameterMapOrThrow("is_dynamic_op").getB()).isTrue();
    assertThat(tensorRt.getParameterMapOrThrow("use_calibration").getB()).isFalse();
    assertThat(tensorRt.getParameterMapOrThrow("use_implicit_batch").getB()).isTrue();
  }

  @Test
  void theGraphLevelGoesWithAnAccelerator() throws Exception {
    ConfigProto config = config(spec(ON_GPU, gpu("tensorrt")), OptionalInt.of(1));
    assertThat(config.getGraphOptions().getOptimizerOptions().getGlobalJitLevel())
        .isEqualTo(GlobalJitLevel.ON_1);
    assertThat(config.getGraphOptions().getRewriteOptions().getCustomOptimizersCount())
        .isEqualTo(2);
  }

  @Test
  void mixedPrecisionTurnsTheRewriterOn() throws Exception {
    ConfigProto config = config(spec(ON_GPU, gpu("auto_mixed_precision")), OptionalInt.empty());
    assertThat(config.getGraphOptions().getRewriteOptions())
        .isEqualTo(
            RewriterConfig.newBuilder().setAutoMixedPrecision(RewriterConfig.Toggle.ON).build());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "precision_mode|fp16|FP32, FP16 or INT8",
        "precision_mode|BF16|FP32, FP16 or INT8",
        "minimum_segment_size|0|an integer from 1 to 2147483647",
        "max_workspace_size_bytes|-1|a number of bytes",
        "max_workspace_size_bytes|1GB|a number of bytes",
        "max_cached_engines|0|an integer from 1 to 2147483647",
        "no_such_thing|1|one of max_cached_engines, max_workspace_size_bytes, maximum_cached_engines, minimum_segment_size, precision_mode"
      })
  void aParameterThatCannotBeIsRefused(String name, String value, String rule) {
    assertRefused(
        spec(ON_GPU, gpu("tensorrt", name, value)),
        "execution_accelerators['tensorrt'].parameters['%s']: %s (expected: %s)"
            .formatted(name, value, rule));
  }

  @Test
  void bothNamesOfTheCachedEnginesExcludeEachOther() {
    Accelerator both =
        new Accelerator(
            InstanceKind.GPU,
            "tensorrt",
            Map.of("max_cached_engines", "2", "maximum_cached_engines", "3"));
    assertRefused(spec(ON_GPU, both), "(expected: not beside max_cached_engines)");
  }

  @Test
  void acceleratorsThatCannotBeAreRefused() {
    assertRefused(
        spec(ON_GPU, new Accelerator(InstanceKind.CPU, "openvino", Map.of())),
        "openvino (expected: none for a CPU");
    assertRefused(spec(ON_GPU, gpu("gpu_io")), "gpu_io (expected: tensorrt or");
    assertRefused(spec(ON_GPU, gpu("warp_drive")), "warp_drive (expected: tensorrt or");
    assertRefused(spec(ON_CPU, gpu("tensorrt")), "no instance of the model is on a GPU");
    assertRefused(spec(ON_GPU, gpu("auto_mixed_precision", "a", "b")), "(expected: no parameters)");
    assertRefused(
        spec(ON_GPU, gpu("tensorrt"), gpu("auto_mixed_precision")),
        "auto_mixed_precision (expected: not beside tensorrt");
  }

  @Test
  void fewerEnginesThanBatchSizesAreRefused() throws Exception {
    TensorRtOptions options = new TensorRtOptions(Precision.FP16, 3, 0, 2);
    options.checkCapacity(new Padding(List.of(1, 16)));
    assertThatThrownBy(() -> options.checkCapacity(new Padding(List.of(1, 4, 16))))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining(
            "2 (expected: at least 3, an engine for each batch size of [1, 4, 16])");
  }

  @Test
  void theAllocatorIsTheBackendsToSay() throws Exception {
    ConfigProto config = config(spec(ON_GPU), OptionalInt.empty());
    assertThat(config.getGpuOptions().getAllowGrowth()).isTrue();
    assertThat(config.getGpuOptions().getPerProcessGpuMemoryFraction()).isZero();
    GpuMemory half = BackendSettings.parse(Map.of("gpu-memory-fraction", "0.5")).gpuMemory();
    assertThat(half.toProto().getAllowGrowth()).isFalse();
    assertThat(half.toProto().getPerProcessGpuMemoryFraction()).isEqualTo(0.5);
    assertThat(
            BackendSettings.parse(Map.of("gpu-memory-fraction", "0.5", "allow-growth", "true"))
                .gpuMemory())
        .isEqualTo(new GpuMemory(0.5, true));
    for (String wrong : List.of("-0.1", "1.1", "half", "NaN")) {
      assertThatThrownBy(() -> BackendSettings.parse(Map.of("gpu-memory-fraction", wrong)))
          .isInstanceOf(BackendException.class)
          .hasMessage(
              "--backend-config=tensorflow,gpu-memory-fraction: %s (expected: a number from 0 to 1)"
                  .formatted(wrong));
    }
  }

  @Test
  void instancesOnTheCpuLeaveGpusAlone() throws Exception {
    ModelSpec spec = spec(ON_GPU);
    assertThat(
            SessionSettings.parse(spec.source(), OptionalInt.of(16))
                .toCpuProto(OptionalInt.empty())
                .getDeviceCountMap())
        .isEqualTo(Map.of("GPU", 0));
  }
}
