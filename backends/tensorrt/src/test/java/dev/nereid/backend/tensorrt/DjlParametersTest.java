package dev.nereid.backend.tensorrt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.GpuOptions;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.tensorrt.ModelFile.Kind;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DjlParametersTest {

  private static final OnnxFile PLAIN =
      new OnnxFile(List.of(), List.of(), Set.of("MatMul"), Set.of());
  private static final OnnxFile QUANTIZED =
      new OnnxFile(List.of(), List.of(), Set.of("QuantizeLinear", "DequantizeLinear"), Set.of());

  private static DjlParameters parse(Map<String, String> parameters) throws BackendException {
    return DjlParameters.parse(Models.spec(parameters), Kind.ONNX);
  }

  @Test
  void batchesAreFilledUpToThePreferredSizesAndTheLargestUnlessOthersAreSaid() throws Exception {
    assertThat(DjlParameters.parse(Models.spec(64, 8, 16), Kind.ONNX).sizes().sizes())
        .containsExactly(8, 16, 64);
    assertThat(parse(Map.of("allowed_batch_sizes", "64, 1,8")).sizes().sizes())
        .containsExactly(1, 8, 64);
    assertThat(DjlParameters.parse(Models.spec(0), Kind.ONNX).sizes().sizes()).containsExactly(1);
    assertThat(DjlParameters.parse(Models.spec(64, 8), Kind.PLAN).sizes().sizes())
        .as("a plan has one size")
        .containsExactly(64);
  }

  @Test
  void precisionIsWhatTheGraphHasUnlessItIsSaid() throws Exception {
    assertThat(parse(Map.of()).precision(PLAIN)).isEqualTo(Precision.FP32);
    assertThat(parse(Map.of()).precision(QUANTIZED)).isEqualTo(Precision.INT8);
    assertThat(parse(Map.of("precision_mode", "FP16")).precision(PLAIN)).isEqualTo(Precision.FP16);
    DjlParameters int8 = parse(Map.of("precision_mode", "INT8"));
    assertThat(int8.precision(QUANTIZED)).isEqualTo(Precision.INT8);
    assertThatThrownBy(() -> int8.precision(PLAIN))
        .hasMessageStartingWith("parameters['precision_mode']: INT8 (expected: FP32 or FP16")
        .hasMessageContaining("-127");
  }

  @ParameterizedTest
  @CsvSource({
    "precision_mode, TF32, 'FP32, FP16 or INT8'",
    "precision_mode, fp16, 'FP32, FP16 or INT8'",
    "allowed_batch_sizes, '1,32', max_batch_size among them",
    "allowed_batch_sizes, '0,64', integers from 1 to 64",
    "allowed_batch_sizes, many, integers from 1 to 64",
    "max_workspace_size_bytes, 1, 'one of allowed_batch_sizes, precision_mode, runtime'",
    "builder_optimization_level, 3, 'one of allowed_batch_sizes, precision_mode, runtime'",
    "timing_cache, true, 'one of allowed_batch_sizes, precision_mode, runtime'",
  })
  void whatDjlsEngineLacksIsRefusedByName(String name, String value, String rule) {
    assertThatThrownBy(() -> parse(Map.of("runtime", "djl", name, value)))
        .hasMessageStartingWith("parameters['" + name + "']: " + value + " (expected: ")
        .hasMessageContaining(rule)
        .isInstanceOfSatisfying(
            BackendException.class, e -> assertThat(e.field()).containsExactly("parameters", name));
  }

  @Test
  void aPlanIsBuiltAlready() {
    for (String name : List.of("precision_mode", "allowed_batch_sizes")) {
      String value = name.equals("precision_mode") ? "FP16" : "64";
      assertThatThrownBy(() -> DjlParameters.parse(Models.spec(Map.of(name, value)), Kind.PLAN))
          .hasMessage(
              "parameters['%s']: %s (expected: not set, since a plan is built already)"
                  .formatted(name, value));
    }
  }

  @Test
  void whatItDoesNotDoOnGpusIsRefused() {
    GpuOptions graphs = new GpuOptions(true, List.of(), false, false, false, true, true);
    ModelSpec recorded = Models.spec(64).withGpu(graphs);
    assertThatThrownBy(() -> DjlParameters.parse(recorded, Kind.ONNX))
        .hasMessage(
            "optimization.cuda.graphs: set (expected: not set, since backend 'tensorrt' with"
                + " runtime 'djl' does not do it)");
    ModelSpec eager =
        Models.spec(64).withGpu(new GpuOptions(false, List.of(), false, false, true, true, true));
    assertThatThrownBy(() -> DjlParameters.parse(eager, Kind.ONNX))
        .hasMessageStartingWith("optimization.eager_batching: set");
    ModelSpec profiled = Models.spec(64).withInstances(Models.gpu("net_0_0", "1"));
    assertThatThrownBy(() -> DjlParameters.parse(profiled, Kind.ONNX))
        .hasMessageStartingWith("instance_group.profile: [1] (expected: not set");
    ModelSpec elsewhere =
        Models.spec(64).withInstances(new InstanceSpec("net_0_0", InstanceKind.CPU, 0));
    assertThatThrownBy(() -> DjlParameters.parse(elsewhere, Kind.ONNX))
        .hasMessageContaining("KIND_CPU (expected: KIND_GPU");
    ModelSpec accelerated =
        Models.spec(64)
            .withAccelerators(new ModelSpec.Accelerator(InstanceKind.GPU, "tensorrt", Map.of()));
    assertThatThrownBy(() -> DjlParameters.parse(accelerated, Kind.ONNX))
        .hasMessageContaining("optimization.execution_accelerators");
  }
}
