package dev.nereid.backend.tensorrt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.tensorrt.ModelFile.Kind;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelParametersTest {

  private static final OnnxFile PLAIN =
      new OnnxFile(List.of(), List.of(), Set.of("MatMul"), Set.of());
  private static final OnnxFile QUANTIZED =
      new OnnxFile(
          List.of(), List.of(), Set.of("MatMul", "QuantizeLinear", "DequantizeLinear"), Set.of());

  private static ModelParameters parse(Map<String, String> parameters) throws BackendException {
    return ModelParameters.parse(Models.spec(parameters), Kind.ONNX);
  }

  @Test
  void withoutParametersTensorRtDecides() throws Exception {
    ModelParameters parameters = parse(Map.of());
    assertThat(parameters)
        .isEqualTo(
            new ModelParameters(Optional.empty(), OptionalLong.empty(), OptionalInt.empty(), true));
    assertThat(BuildOptions.of(parameters, PLAIN))
        .isEqualTo(new BuildOptions(Precision.TF32, 0, 3));
    assertThat(BuildOptions.of(parameters, QUANTIZED).precision()).isEqualTo(Precision.INT8);
  }

  @Test
  void whatIsWrittenIsTaken() throws Exception {
    ModelParameters parameters =
        parse(
            Map.of(
                "precision_mode", "FP16",
                "max_workspace_size_bytes", "4294967296",
                "builder_optimization_level", "5",
                "timing_cache", "false",
                "runtime", "tensorrt"));
    assertThat(parameters.timingCache()).isFalse();
    assertThat(BuildOptions.of(parameters, PLAIN))
        .isEqualTo(new BuildOptions(Precision.FP16, 1L << 32, 5));
  }

  @ParameterizedTest
  @CsvSource({
    "precision_mode, fp16, 'one of FP32, TF32, FP16, INT8'",
    "max_workspace_size_bytes, 0, an integer from 1 on",
    "max_workspace_size_bytes, lots, an integer from 1 on",
    "builder_optimization_level, 6, an integer from 0 to 5",
    "timing_cache, maybe, 'true, on, 1'",
  })
  void aMalformedParameterIsRefusedWithItsRule(String name, String value, String rule) {
    assertThatThrownBy(() -> parse(Map.of(name, value)))
        .hasMessageStartingWith("parameters['" + name + "']: " + value + " (expected: ")
        .hasMessageContaining(rule)
        .isInstanceOfSatisfying(
            BackendException.class, e -> assertThat(e.field()).containsExactly("parameters", name));
  }

  @Test
  void anUnknownParameterIsRefused() {
    assertThatThrownBy(() -> parse(Map.of("precision", "FP16")))
        .hasMessageStartingWith("parameters['precision']: FP16 (expected: one of ");
  }

  @Test
  void aPlanIsBuiltAlready() {
    assertThatThrownBy(
            () -> ModelParameters.parse(Models.spec(Map.of("precision_mode", "FP16")), Kind.PLAN))
        .hasMessage(
            "parameters['precision_mode']: FP16 (expected: not set, since a plan is built already)");
  }

  @Test
  void int8NeedsTheRangesInTheGraphAndTheRangesNeedInt8() throws Exception {
    ModelParameters int8 = parse(Map.of("precision_mode", "INT8"));
    assertThatThrownBy(() -> BuildOptions.of(int8, PLAIN))
        .hasMessageStartingWith("parameters['precision_mode']: INT8 (expected: FP32, TF32 or FP16")
        .hasMessageContaining("no QuantizeLinear and DequantizeLinear nodes");
    assertThat(BuildOptions.of(int8, QUANTIZED).precision()).isEqualTo(Precision.INT8);
    ModelParameters half = parse(Map.of("precision_mode", "FP16"));
    assertThatThrownBy(() -> BuildOptions.of(half, QUANTIZED))
        .hasMessageStartingWith("parameters['precision_mode']: FP16 (expected: INT8");
  }

  @Test
  void whatOtherBackendsAreToldByOptimizationIsRefused() {
    ModelSpec accelerated =
        Models.spec(64)
            .withAccelerators(new ModelSpec.Accelerator(InstanceKind.GPU, "tensorrt", Map.of()));
    assertThatThrownBy(() -> ModelParameters.parse(accelerated, Kind.ONNX))
        .hasMessageContaining("optimization.execution_accelerators: tensorrt (expected: none");
    ModelSpec levelled = Models.spec(64).withGraphOptimizationLevel(OptionalInt.of(1));
    assertThatThrownBy(() -> ModelParameters.parse(levelled, Kind.ONNX))
        .hasMessageContaining("optimization.graph.level: 1 (expected: not set");
  }
}
