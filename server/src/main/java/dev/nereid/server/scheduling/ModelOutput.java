package dev.nereid.server.scheduling;

import dev.nereid.backend.TensorSpec;
import java.util.function.UnaryOperator;

/**
 * One output that the model's configuration lists.
 *
 * @param spec as the engine sees it, batch dimension first as -1 where the model batches
 * @param clientShape from a full shape as the engine wrote it to the one that the client sees:
 *     {@code reshape} undone
 */
public record ModelOutput(TensorSpec spec, UnaryOperator<long[]> clientShape) {

  /** One without {@code reshape}. */
  public ModelOutput(TensorSpec spec) {
    this(spec, UnaryOperator.identity());
  }

  public String name() {
    return spec.name();
  }
}
