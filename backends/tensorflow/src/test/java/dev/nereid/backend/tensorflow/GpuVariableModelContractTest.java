package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendProvider;

/** The contract with models that are frozen on the way to a GPU, and another than the first. */
class GpuVariableModelContractTest extends VariableModelContractTest {

  @Override
  protected BackendProvider provider() {
    return new GpuPath(1);
  }
}
