package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;

/** TensorRT 10. */
record JavaCppLoader(TensorRt tensorRt, EngineStore store) implements ModelLoader {

  /** To be called when {@link NativeLibraries#check} has found everything in its place. */
  static JavaCppLoader start(BackendSettings settings) throws BackendException {
    NativeLibraries.openForAll();
    TensorRt tensorRt = TensorRt.start(settings);
    return new JavaCppLoader(tensorRt, new EngineStore(tensorRt, settings.cacheDirectory()));
  }

  @Override
  public ModelSignature inspect(ModelSource source, ModelFile file) throws BackendException {
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
  public LoadedModel load(ModelSpec spec, ModelFile file) throws BackendException {
    ModelParameters parameters = ModelParameters.parse(spec, file.kind());
    GraphSizes graphs = GraphSizes.of(spec);
    return TensorRtModel.load(spec, file, parameters, graphs, tensorRt, store);
  }
}
