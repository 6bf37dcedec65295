package dev.nereid.backend.tensorrt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.BackendException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EngineRuntimeTest {

  @Test
  void aModelSaysWhichOneRunsIt() throws Exception {
    assertThat(EngineRuntime.of(Map.of())).isEqualTo(EngineRuntime.TENSORRT);
    assertThat(EngineRuntime.of(Map.of("runtime", "tensorrt"))).isEqualTo(EngineRuntime.TENSORRT);
    assertThat(EngineRuntime.of(Map.of("runtime", "djl"))).isEqualTo(EngineRuntime.DJL);
    assertThatThrownBy(() -> EngineRuntime.of(Map.of("runtime", "onnx")))
        .hasMessage("parameters['runtime']: onnx (expected: tensorrt or djl)")
        .isInstanceOfSatisfying(
            BackendException.class,
            e -> assertThat(e.field()).containsExactly("parameters", "runtime"));
  }
}
