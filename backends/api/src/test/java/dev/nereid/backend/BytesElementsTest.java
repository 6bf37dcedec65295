package dev.nereid.backend;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.contract.TestTensor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class BytesElementsTest {

  private static final long[] SHAPE = {2};

  @Test
  void refusesTooFewAndTooMany() {
    byte[] raw = TestTensor.strings(SHAPE, "a", "b").raw();
    assertRefused(raw, 3, "expected 3 strings for inference input 'I', got 2");
    assertRefused(
        raw, 1, "unexpected number of string elements 2 for inference input 'I', expecting 1");
  }

  @Test
  void refusesAnElementThatIsCutOff() {
    byte[] raw = TestTensor.strings(SHAPE, "left", "right").raw();
    assertRefused(
        Arrays.copyOf(raw, raw.length - 1),
        2,
        "incomplete string data for inference input 'I', expecting string of length 5 but only 4"
            + " bytes available");
    assertRefused(
        Arrays.copyOf(raw, 10),
        2,
        "incomplete string length indicator for inference input 'I', expecting 4 bytes but only 2"
            + " bytes available");
  }

  @Test
  void readsALengthAsUnsigned() {
    byte[] raw = "\u007f\u007f\u007f\u007fxyz".getBytes(StandardCharsets.US_ASCII);
    Arrays.fill(raw, 0, 4, (byte) 0xff);
    assertRefused(
        raw,
        1,
        "incomplete string data for inference input 'I', expecting string of length 4294967295 but"
            + " only 3 bytes available");
  }

  private static void assertRefused(byte[] raw, long count, String message) {
    assertThatThrownBy(
            () -> BytesElements.walk("I", ByteBuffer.wrap(raw), count, (i, offset, length) -> {}))
        .isInstanceOf(BackendException.class)
        .hasMessage(message);
  }
}
