package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Parameters;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The batch sizes that a model is run with: a batch in between is filled up to the next one with
 * rows that nobody is given. TensorRT and cuDNN prepare themselves for every size that they meet,
 * which takes up to minutes; so they are to meet few, and all of them while the model is loaded.
 *
 * @param sizes ascending, the last one {@code max_batch_size}; empty where batches run as they are
 */
record Padding(List<Integer> sizes) {

  static final String SIZES = "allowed_batch_sizes";

  private static final int EACH = 64;

  /** Batches run as they are. */
  static final Padding NONE = new Padding(List.of());

  Padding {
    sizes = List.copyOf(sizes);
  }

  /** The rows of the tensors that {@code rows} rows run in. */
  int rows(int rows) {
    for (int size : sizes) {
      if (size >= rows) {
        return size;
      }
    }
    return rows;
  }

  /** Those of {@code preferred_batch_size}, and the largest. */
  static Padding of(List<Integer> preferred, int maxBatchSize) {
    if (maxBatchSize == 0) {
      return NONE;
    }
    return new Padding(
        Stream.concat(preferred.stream(), Stream.of(maxBatchSize)).sorted().distinct().toList());
  }

  /**
   * What to run once of a model whose batches run as they are: every size up to {@value #EACH}, and
   * beyond it those of {@link #of}. cuDNN looks for the best of its algorithms when a convolution
   * first meets a size, which of a ResNet-50 on an H100 is a quarter of a second for a batch.
   */
  static Padding toRunOnce(List<Integer> preferred, int maxBatchSize) {
    Stream<Integer> each = IntStream.rangeClosed(1, Math.min(EACH, maxBatchSize)).boxed();
    return new Padding(
        Stream.concat(each, of(preferred, maxBatchSize).sizes().stream())
            .sorted()
            .distinct()
            .toList());
  }

  /**
   * What the model's parameter says; empty where it says nothing.
   *
   * @param maxBatchSize 0 where the model does not batch, and the parameter is refused
   */
  static Optional<Padding> parse(Parameters parameters, int maxBatchSize) throws BackendException {
    Optional<String> text = parameters.text(SIZES);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    TreeSet<Integer> sizes = new TreeSet<>();
    for (String part : text.get().split(",", -1)) {
      try {
        sizes.add(Integer.parseInt(part.strip()));
      } catch (NumberFormatException e) {
        sizes.add(0);
      }
    }
    if (sizes.first() < 1 || sizes.last() != maxBatchSize) {
      throw parameters.refusal(
          SIZES,
          maxBatchSize == 0
              ? "not set, since the model does not batch"
              : "integers from 1 to "
                  + maxBatchSize
                  + " with commas between, max_batch_size among"
                  + " them");
    }
    return Optional.of(new Padding(List.copyOf(sizes)));
  }
}
