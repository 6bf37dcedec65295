package dev.nereid.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TritonTextWriterTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "-0.0, 0",
    "1, 1",
    "1234567890123, 1234567890123",
    "9007199254740991, 9007199254740991",
    "0.25, 0.25",
    "-3, -3",
    "1e300, 1.0E300",
    "Infinity, +Inf",
    "-Infinity, -Inf",
    "NaN, NaN"
  })
  void numbersAreWrittenShortAndWhole(double value, String text) {
    assertThat(TritonTextWriter.number(value)).isEqualTo(text);
  }
}
