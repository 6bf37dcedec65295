package dev.nereid.server.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ComputeCapabilityTest {

  @Test
  void isReadAndOrderedByItsTwoNumbers() {
    assertThat(ComputeCapability.parse("7.5")).isEqualTo(new ComputeCapability(7, 5));
    assertThat(ComputeCapability.parse("9")).hasToString("9.0");
    assertThat(new ComputeCapability(10, 3))
        .isGreaterThan(new ComputeCapability(9, 5))
        .isGreaterThan(new ComputeCapability(10, 0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "seven", "-7.5", "7.5.1", "7,5", "7.", "1234"})
  void anythingElseIsRefused(String text) {
    assertThatThrownBy(() -> ComputeCapability.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(text + " (expected: <major>.<minor>, as 7.5)");
  }
}
