package dev.nereid.backend.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.tensorflow.TensorFlowGpus.Libraries;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TensorFlowGpusTest {

  private static final Path DRIVER = Path.of("/dev/null");
  private static final Path NO_DRIVER = Path.of("/dev/no-such-file");

  private static final Libraries NOTHING_MISSING = new Libraries(List::of, List::of);

  private final AtomicInteger looks = new AtomicInteger();

  private int look(int found) {
    looks.incrementAndGet();
    return found;
  }

  @Test
  void aLibraryForCpusIsNotAsked() {
    TensorFlowGpus gpus =
        new TensorFlowGpus(() -> false, () -> look(1), NO_DRIVER, NOTHING_MISSING);
    assertThat(gpus.count()).isZero();
    assertThat(looks).hasValue(0);
  }

  @Test
  void aLibraryForGpusIsAskedOnce() {
    TensorFlowGpus gpus = new TensorFlowGpus(() -> true, () -> look(2), DRIVER, NOTHING_MISSING);
    assertThat(gpus.count()).isEqualTo(2);
    assertThat(gpus.count()).isEqualTo(2);
    assertThat(looks).hasValue(1);
  }

  @Test
  void onAHostWithADriverItSaysWhichLibraryIsToBlame() {
    TensorFlowGpus gpus =
        new TensorFlowGpus(
            () -> true,
            () -> look(0),
            DRIVER,
            new Libraries(() -> List.of("libcudnn.so.8: missing"), List::of));
    assertThat(gpus.count()).isZero();
    assertThat(gpus.whyNone()).isEqualTo("libcudnn.so.8: missing");
    TensorFlowGpus forCpus =
        new TensorFlowGpus(() -> false, () -> look(0), DRIVER, NOTHING_MISSING);
    assertThat(forCpus.count()).isZero();
    assertThat(forCpus.whyNone()).contains("TENSORFLOW_LIBRARY_PATH");
  }

  @Test
  void aGpuThatALibraryWouldEndTheProcessOnIsNotUsed() {
    TensorFlowGpus gpus =
        new TensorFlowGpus(
            () -> true,
            () -> look(1),
            DRIVER,
            new Libraries(List::of, () -> List.of("libcudnn_ops_train.so.8: not there")));
    assertThat(gpus.count()).isZero();
    assertThat(gpus.mayBe()).isFalse();
    assertThat(gpus.whyNone()).isEqualTo("libcudnn_ops_train.so.8: not there");
  }

  @Test
  void whereTensorFlowCannotStartNowItIsAskedAgain() {
    boolean[] memory = {false};
    TensorFlowGpus gpus =
        new TensorFlowGpus(
            () -> true,
            () -> {
              if (!memory[0]) {
                throw new BackendException("CUDA_ERROR_OUT_OF_MEMORY: out of memory");
              }
              return 1;
            },
            DRIVER,
            NOTHING_MISSING);
    assertThat(gpus.mayBe()).isTrue();
    assertThat(gpus.count()).isZero();
    assertThat(gpus.whyNone())
        .isEqualTo("TensorFlow cannot start there: CUDA_ERROR_OUT_OF_MEMORY: out of memory");
    memory[0] = true;
    assertThat(gpus.count()).isEqualTo(1);
  }

  @Test
  void withoutADriverThereIsNothingToSay() {
    TensorFlowGpus gpus =
        new TensorFlowGpus(
            () -> true,
            () -> look(0),
            NO_DRIVER,
            new Libraries(() -> List.of("not asked"), () -> List.of("nor this")));
    assertThat(gpus.count()).isZero();
    assertThat(gpus.whyNone()).isEqualTo("no GPU was found");
  }

  @Test
  void theBundledLibraryRegistersNone() throws Exception {
    new TensorFlowProvider().start(Map.of()).close();
    TensorFlowGpus gpus = TensorFlowGpus.ofProcess(new GpuMemory(0, true), false);
    assertThat(gpus.count()).isZero();
  }
}
