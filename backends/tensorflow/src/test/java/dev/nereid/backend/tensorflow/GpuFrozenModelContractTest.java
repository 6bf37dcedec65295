package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendProvider;

/** The contract with frozen models on the way to a GPU, whose inputs are read where they lie. */
class GpuFrozenModelContractTest extends FrozenModelContractTest {

  @Override
  protected BackendProvider provider() {
    return new GpuPath(0);
  }
}
