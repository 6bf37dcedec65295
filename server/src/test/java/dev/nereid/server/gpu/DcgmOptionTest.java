package dev.nereid.server.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DcgmOptionTest {

  @Test
  void isHereOrNowhereOrAtAnAddress() {
    assertThat(DcgmOption.parse("embedded")).isEqualTo(DcgmOption.EMBEDDED);
    assertThat(DcgmOption.parse("none").wanted()).isFalse();
    assertThat(DcgmOption.parse("dcgm.gpu-operator").address())
        .isEqualTo(Optional.of("dcgm.gpu-operator"));
    assertThat(DcgmOption.parse("127.0.0.1:5555").address()).contains("127.0.0.1:5555");
    assertThat(DcgmOption.parse("[::1]:5555").address()).contains("[::1]:5555");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "host:", "host:0", "host:65536", "a b", "unix:/run/x", "host:port"})
  void anythingElseIsRefused(String text) {
    assertThatThrownBy(() -> DcgmOption.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(text + " (expected: embedded, none or <host>[:<port>])");
  }
}
