package dev.nereid.backend.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class ProcessPoolTest {

  private final ProcessPool pool = new ProcessPool("TF_NUM_INTRA_THREADS");

  @Test
  void theFirstModelSizesItAndTheOthersAreWarned() {
    assertThat(pool.loaded("a", OptionalInt.of(2))).isEmpty();
    assertThat(pool.loaded("b", OptionalInt.of(2))).isEmpty();
    assertThat(pool.loaded("c", OptionalInt.empty())).isEmpty();
    assertThat(pool.loaded("d", OptionalInt.of(4)))
        .contains(
            "Model 'd': TF_NUM_INTRA_THREADS: 4 has no effect (expected: 2, as the first model's:"
                + " TensorFlow has one such pool a process)");
  }

  @Test
  void aFirstModelThatDoesNotAskMakesItOneThreadACore() {
    assertThat(pool.loaded("a", OptionalInt.empty())).isEmpty();
    assertThat(pool.loaded("b", OptionalInt.of(0))).isEmpty();
    assertThat(pool.loaded("c", OptionalInt.of(1)).orElseThrow())
        .contains("expected: 0, one a core,");
  }
}
