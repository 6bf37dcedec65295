package dev.nereid.backend.tensorrt;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import java.util.Set;

/** TensorRT in this process. */
final class TensorRtBackend implements Backend {

  private final BackendSettings settings;
  private final Loaders loaders;

  TensorRtBackend(BackendSettings settings) {
    this.settings = settings;
    this.loaders = new Loaders(settings);
  }

  @Override
  public String defaultModelFilename() {
    return ModelFile.PLAN_FILE;
  }

  @Override
  public Set<InstanceKind> kinds() {
    return Set.of(InstanceKind.GPU);
  }

  @Override
  public int defaultMaxBatchSize() {
    return settings.defaultMaxBatchSize();
  }

  /**
   * {@inheritDoc}
   *
   * <p>An ONNX file is read and not built.
   */
  @Override
  public ModelSignature inspect(ModelSource source) throws BackendException {
    ModelFile file = ModelFile.of(source);
    EngineRuntime runtime = EngineRuntime.of(source.parameters());
    return file.kind() == ModelFile.Kind.ONNX
        ? OnnxFile.read(file.path()).signature()
        : loaders.of(runtime).inspect(source, file);
  }

  @Override
  public LoadedModel load(ModelSpec spec) throws BackendException {
    ModelFile file = ModelFile.of(spec.source());
    return loaders.of(EngineRuntime.of(spec.source().parameters())).load(spec, file);
  }
}
