package dev.nereid.server.scheduling;

import dev.nereid.server.inference.Tensor;
import java.util.List;

/** A request in the queue, as {@link BatchingRule} sees it. */
interface Waiting {

  /** Rows that it adds to a batch; at least 1. It is never split. */
  int rows();

  /** When it was queued. */
  long enqueuedNanos();

  /** In the model's order; optional ones may be missing. */
  List<Tensor> inputs();
}
