package dev.nereid.backend.tensorflow;

import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Threads that TensorFlow has once a process: one pool for work within an operator, one for
 * operators side by side. The first model that is loaded sizes it; this remembers that size, to say
 * so where a later model asks for another. Thread-safe.
 */
final class ProcessPool {

  private final String parameter;
  private @Nullable Integer threads;

  /**
   * @param parameter by which a model asks for a size
   */
  ProcessPool(String parameter) {
    this.parameter = parameter;
  }

  /**
   * A model is loaded.
   *
   * @param wanted what its parameter says; 0, or none, is one thread a core
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
        "Model '%s': %s: %s has no effect (expected: %s, as the first model's: TensorFlow has one such pool a process)"
            .formatted(model, parameter, text(wanted.getAsInt()), text(threads)));
  }

  private static String text(int threads) {
    return threads == 0 ? "0, one a core," : Integer.toString(threads);
  }
}
