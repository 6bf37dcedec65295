package dev.nereid.backend.tensorflow;

import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * TensorFlow's threads within an operator: one pool a process, sized by the first model that is
 * loaded. Remembers that size, to say so where a later model asks for another. Thread-safe.
 */
final class IntraOpPool {

  private @Nullable Integer threads;

  /**
   * A model is loaded.
   *
   * @param wanted its {@code TF_NUM_INTRA_THREADS}; 0, or none, is one a core
   * @return what to warn of; empty where it has what it asks for, or does not ask
   */
  synchronized Optional<String> loaded(String model, OptionalInt wanted) {
    if (threads == null) {
      threads = wanted.orElse(0);
    }
    if (wanted.isEmpty() || wanted.getAsInt() == threads) {
      return Optional.empty();
    }
    return Optional.of(
        "Model '%s': TF_NUM_INTRA_THREADS: %s has no effect (expected: %s, as the first model's: TensorFlow has one such pool a process)"
            .formatted(model, text(wanted.getAsInt()), text(threads)));
  }

  private static String text(int threads) {
    return threads == 0 ? "0, one a core," : Integer.toString(threads);
  }
}
