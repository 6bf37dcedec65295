package dev.nereid.backend;

import java.nio.file.Path;
import java.util.Set;

/**
 * One engine of this process. Thread-safe: models are inspected and loaded in parallel.
 *
 * <p>Closed after every model of it is.
 */
public interface Backend extends AutoCloseable {

  /** The file, or for some formats the folder, that holds a model where the config names none. */
  String defaultModelFilename();

  /** The devices that instances can run on here and now; contains at least one. */
  Set<InstanceKind> kinds();

  /**
   * Instances of a CPU group whose config gives no count. Triton's ONNX Runtime and TensorFlow: 2.
   */
  default int defaultCpuInstanceCount() {
    return 1;
  }

  /** {@code max_batch_size} that auto-completion gives a model whose tensors all lead with -1. */
  default int defaultMaxBatchSize() {
    return 4;
  }

  /**
   * Reads what the model file says about its inputs and outputs.
   *
   * @return the signature, or {@link ModelSignature#UNKNOWN} where the format has none
   * @throws BackendException if the file is missing or cannot be read as a model
   */
  ModelSignature inspect(ModelSource source) throws BackendException;

  /**
   * Loads a model so that instances can be made of it. Blocks.
   *
   * @throws BackendException if the file, a parameter or an optimisation is refused; nothing stays
   *     allocated then
   */
  LoadedModel load(ModelSpec spec) throws BackendException;

  /**
   * Writes a model once more, with constants for its variables, so that whoever rewrites its file
   * finds all of it there. The answers are the same. Blocks; uses the CPU alone.
   *
   * @param into the folder or file to write, as {@link ModelSource#modelPath}; not there yet
   * @throws BackendException if the model cannot be read, or its answers depend on more than its
   *     inputs, with the operator that keeps state; or if the format has no variables
   */
  default void freeze(ModelSource source, Path into) throws BackendException {
    throw new BackendException(
        "unable to freeze '" + source.modelName() + "': models of this backend have no variables");
  }

  @Override
  default void close() {}
}
