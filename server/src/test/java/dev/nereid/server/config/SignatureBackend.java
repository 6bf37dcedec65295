package dev.nereid.server.config;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import java.util.List;
import java.util.Set;

/** A backend whose files all have one signature, and that loads nothing. */
record SignatureBackend(
    ModelSignature signature,
    Set<InstanceKind> kinds,
    int defaultCpuInstanceCount,
    int defaultMaxBatchSize)
    implements Backend {

  /** As Triton's ONNX Runtime on a machine without a GPU. */
  static SignatureBackend onnx(List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return new SignatureBackend(
        new ModelSignature(inputs, outputs), Set.of(InstanceKind.CPU), 2, 4);
  }

  /** Of a format that says nothing about its tensors. */
  static SignatureBackend silent() {
    return new SignatureBackend(ModelSignature.UNKNOWN, Set.of(InstanceKind.CPU), 1, 4);
  }

  /** The same on other devices. */
  SignatureBackend on(InstanceKind... kinds) {
    return new SignatureBackend(
        signature, Set.of(kinds), defaultCpuInstanceCount, defaultMaxBatchSize);
  }

  /** The same with another default for batching files. */
  SignatureBackend batching(int defaultMaxBatchSize) {
    return new SignatureBackend(signature, kinds, defaultCpuInstanceCount, defaultMaxBatchSize);
  }

  @Override
  public String defaultModelFilename() {
    return "model.bin";
  }

  @Override
  public ModelSignature inspect(ModelSource source) {
    return signature;
  }

  @Override
  public LoadedModel load(ModelSpec spec) throws BackendException {
    throw new BackendException("loads nothing");
  }
}
