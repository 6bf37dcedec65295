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
  private final TensorRt tensorRt;
  private final EngineStore store;

  TensorRtBackend(BackendSettings settings, TensorRt tensorRt) {
    this.settings = settings;
    this.tensorRt = tensorRt;
    this.store = new EngineStore(tensorRt, settings.cacheDirectory());
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
   * <p>An ONNX file is read and not built. A plan can only be asked by TensorRT, once it lies in a
   * GPU's memory: the first that this process sees.
   */
  @Override
  public ModelSignature inspect(ModelSource source) throws BackendException {
    ModelFile file = ModelFile.of(source);
    if (file.kind() == ModelFile.Kind.ONNX) {
      return OnnxFile.read(file.path()).signature();
    }
    try {
      Cuda.setDevice(0);
      try (NativeBytes plan = TensorRtModel.readPlan(file);
          Engine engine = Engine.load(tensorRt, plan)) {
        return engine.signature();
      }
    } catch (TensorRtException e) {
      throw TensorRtModel.unloadable(source, e);
    } catch (CudaException e) {
      throw e.toBackendException();
    }
  }

  @Override
  public LoadedModel load(ModelSpec spec) throws BackendException {
    ModelFile file = ModelFile.of(spec.source());
    ModelParameters parameters = ModelParameters.parse(spec, file.kind());
    GraphSizes graphs = GraphSizes.of(spec);
    return TensorRtModel.load(spec, file, parameters, graphs, tensorRt, store);
  }
}
