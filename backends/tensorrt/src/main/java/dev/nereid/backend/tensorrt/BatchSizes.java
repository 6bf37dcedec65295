package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.Parameters;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * The batch sizes that engines of fixed shapes are made for: a batch in between is filled up to the
 * next one with rows that nobody is given.
 *
 * @param sizes ascending, the last one {@code max_batch_size}; 1 alone where the model does not
 *     batch
 */
record BatchSizes(List<Integer> sizes) {

  static final String PARAMETER = "allowed_batch_sizes";

  BatchSizes {
    sizes = List.copyOf(sizes);
  }

  /** As the model's parameter has them; the preferred ones and the largest where it has none. */
  static BatchSizes of(ModelSpec spec, Parameters parameters) throws BackendException {
    Optional<String> text = parameters.text(PARAMETER);
    if (!spec.isBatching()) {
      if (text.isPresent()) {
        throw parameters.refusal(PARAMETER, "not set, since the model does not batch");
      }
      return new BatchSizes(List.of(1));
    }
    TreeSet<Integer> sizes = new TreeSet<>();
    if (text.isEmpty()) {
      sizes.addAll(spec.preferredBatchSizes());
      sizes.add(spec.maxBatchSize());
      return new BatchSizes(List.copyOf(sizes));
    }
    for (String part : text.get().split(",", -1)) {
      try {
        sizes.add(Integer.parseInt(part.strip()));
      } catch (NumberFormatException e) {
        sizes.add(0);
      }
    }
    if (sizes.first() < 1 || sizes.last() != spec.maxBatchSize()) {
      throw parameters.refusal(
          PARAMETER,
          "integers from 1 to "
              + spec.maxBatchSize()
              + " with commas between, max_batch_size among them");
    }
    return new BatchSizes(List.copyOf(sizes));
  }
}
