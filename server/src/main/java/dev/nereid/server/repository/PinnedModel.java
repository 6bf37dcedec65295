package dev.nereid.server.repository;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSpec;
import dev.nereid.server.memory.ModelMemory;
import dev.nereid.server.memory.PinnedMemory;
import java.util.Optional;

/** A model on a GPU: while it is there, so is page-locked memory. */
final class PinnedModel implements LoadedModel {

  private final LoadedModel model;
  private final PinnedMemory memory;

  private PinnedModel(LoadedModel model, PinnedMemory memory) {
    this.model = model;
    this.memory = memory;
  }

  /** Loads a model, on a GPU or not. Blocks. */
  static LoadedModel load(Backend backend, ModelSpec spec, PinnedMemory memory)
      throws BackendException {
    Optional<InstanceSpec> onGpu = onGpu(spec);
    if (onGpu.isEmpty()) {
      return backend.load(spec);
    }
    memory.addUser(onGpu.get().device());
    boolean loaded = false;
    try {
      LoadedModel model = new PinnedModel(backend.load(spec), memory);
      loaded = true;
      return model;
    } finally {
      if (!loaded) {
        memory.removeUser();
      }
    }
  }

  /**
   * Where a model's tensors are to lie: page-locked where an instance is on a GPU, and the config
   * does not say otherwise.
   */
  static ModelMemory memory(ModelSpec spec, PinnedMemory memory) {
    boolean onGpu = onGpu(spec).isPresent();
    return new ModelMemory(
        onGpu && spec.gpu().pinnedInput() ? memory : memory.ordinary(),
        onGpu && spec.gpu().pinnedOutput() ? memory : memory.ordinary());
  }

  private static Optional<InstanceSpec> onGpu(ModelSpec spec) {
    return spec.instances().stream()
        .filter(instance -> instance.kind() == InstanceKind.GPU)
        .findFirst();
  }

  @Override
  public ModelInstance createInstance(InstanceSpec spec) throws BackendException {
    return model.createInstance(spec);
  }

  @Override
  public void close() {
    try {
      model.close();
    } finally {
      memory.removeUser();
    }
  }
}
