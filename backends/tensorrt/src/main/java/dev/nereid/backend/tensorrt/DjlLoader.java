package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;

/** TensorRT 8.6 by DJL's engine. */
record DjlLoader(DjlTensorRt tensorRt, DjlEngineStore store) implements ModelLoader {

  /** To be called when {@link DjlLibraries#check} has found everything in its place. */
  static DjlLoader start(BackendSettings settings) throws BackendException {
    DjlTensorRt tensorRt = DjlTensorRt.start(settings);
    return new DjlLoader(tensorRt, new DjlEngineStore(tensorRt, settings.cacheDirectory()));
  }

  @Override
  public ModelSignature inspect(ModelSource source, ModelFile plan) throws BackendException {
    try (DjlEngine engine = DjlEngine.read(tensorRt, tensorRt.cuda().gpu(0), plan.path())) {
      return engine.signature();
    } catch (TensorRtException e) {
      throw TensorRtModel.unloadable(source, e);
    } catch (CudaException e) {
      throw e.toBackendException();
    }
  }

  @Override
  public LoadedModel load(ModelSpec spec, ModelFile file) throws BackendException {
    return DjlModel.load(spec, file, DjlParameters.parse(spec, file.kind()), this);
  }
}
