package dev.nereid.backend.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Parameters;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PaddingTest {

  private static Optional<Padding> parse(String text, int maxBatchSize) throws BackendException {
    return Padding.parse(Parameters.ofModel(Map.of(Padding.SIZES, text)), maxBatchSize);
  }

  @ParameterizedTest
  @CsvSource({"1,1", "2,4", "4,4", "5,16", "16,16"})
  void aBatchIsFilledUpToTheNextAllowedSize(int rows, int expected) {
    assertThat(new Padding(List.of(1, 4, 16)).rows(rows)).isEqualTo(expected);
  }

  @Test
  void withoutSizesBatchesRunAsTheyAre() {
    assertThat(Padding.NONE.rows(7)).isEqualTo(7);
  }

  @Test
  void preferredSizesAndTheLargestAreAllowedWhereNothingIsSaid() {
    assertThat(Padding.of(List.of(4, 8), 16)).isEqualTo(new Padding(List.of(4, 8, 16)));
    assertThat(Padding.of(List.of(16), 16)).isEqualTo(new Padding(List.of(16)));
    assertThat(Padding.of(List.of(), 0)).isEqualTo(Padding.NONE);
  }

  @Test
  void aModelWhoseBatchesRunAsTheyAreRunsEverySizeOnceUpToALimit() {
    assertThat(Padding.toRunOnce(List.of(2), 4)).isEqualTo(new Padding(List.of(1, 2, 3, 4)));
    List<Integer> large = Padding.toRunOnce(List.of(100), 256).sizes();
    assertThat(large).startsWith(1, 2, 3).endsWith(63, 64, 100, 256).hasSize(66);
    assertThat(Padding.toRunOnce(List.of(), 0)).isEqualTo(Padding.NONE);
  }

  @Test
  void theParameterNamesOthers() throws Exception {
    assertThat(parse("16, 1,4 ,4", 16)).contains(new Padding(List.of(1, 4, 16)));
    assertThat(Padding.parse(Parameters.ofModel(Map.of()), 16)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0,16", "1,4", "1,17", "1,,16", "1,x,16", "-1,16", "16;1"})
  void sizesThatCannotBeAreRefused(String text) {
    assertThatThrownBy(() -> parse(text, 16))
        .isInstanceOf(BackendException.class)
        .hasMessage(
            "parameters['allowed_batch_sizes']: %s (expected: integers from 1 to 16 with commas between, max_batch_size among them)"
                .formatted(text));
  }

  @Test
  void aModelThatDoesNotBatchHasNone() {
    assertThatThrownBy(() -> parse("1", 0))
        .isInstanceOf(BackendException.class)
        .hasMessageEndingWith("(expected: not set, since the model does not batch)");
  }
}
