package dev.nereid.server.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CoreSetTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"0|0", "0-3|0-3", "3,1,2,7|1-3,7", "0-1,64-65,8191|0-1,64-65,8191", "5-5|5"})
  void isWrittenAsTheKernelWritesIt(String text, String written) {
    assertThat(CoreSet.parse(text)).hasToString(written);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a", "1-", "-1", "1,,2", "0x1", "1 - 2", "3-1", "8192", "99999"})
  void anythingElseIsRefused(String text) {
    assertThatThrownBy(() -> CoreSet.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(text + " (expected: ");
  }

  @Test
  void containsAndIntersects() {
    CoreSet cores = CoreSet.parse("0-3,8");
    assertThat(cores.containsAll(CoreSet.parse("1,8"))).isTrue();
    assertThat(cores.containsAll(CoreSet.parse("3-4"))).isFalse();
    assertThat(cores.and(CoreSet.parse("2-9"))).isEqualTo(CoreSet.parse("2-3,8"));
    assertThat(cores.and(CoreSet.parse("9")).isEmpty()).isTrue();
  }
}
