package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.SignatureCheck;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.Shapes;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A model's engines: on every GPU that its instances run on, one for each batch size. */
final class DjlModel implements LoadedModel {

  private static final Logger log = LoggerFactory.getLogger(DjlModel.class);

  private final ModelSpec spec;
  private final TreeMap<Integer, TreeMap<Integer, DjlEngine>> byGpu = new TreeMap<>();

  private DjlModel(ModelSpec spec) {
    this.spec = spec;
  }

  /** Loads the model onto each GPU of its instances, one after the other. */
  static DjlModel load(ModelSpec spec, ModelFile file, DjlParameters parameters, DjlLoader loader)
      throws BackendException {
    DjlModel model = new DjlModel(spec);
    boolean whole = false;
    try {
      if (file.kind() == ModelFile.Kind.PLAN) {
        model.take(file, parameters.sizes(), loader.tensorRt());
      } else {
        model.build(file, parameters, loader);
      }
      log.info(
          "Model '{}': by DJL's engine on GPU(s) {}, batches of {}",
          spec.source().modelName(),
          model.byGpu.keySet(),
          parameters.sizes().sizes());
      whole = true;
      return model;
    } catch (TensorRtException | CudaException e) {
      throw TensorRtModel.unloadable(spec.source(), e);
    } finally {
      if (!whole) {
        model.close();
      }
    }
  }

  private Set<Integer> gpus() {
    Set<Integer> gpus = new TreeSet<>();
    spec.instances().forEach(instance -> gpus.add(instance.device()));
    return gpus;
  }

  private void take(ModelFile file, BatchSizes sizes, DjlTensorRt tensorRt)
      throws BackendException, TensorRtException, CudaException {
    int rows = sizes.sizes().get(0);
    for (int index : gpus()) {
      DjlEngine engine = DjlEngine.read(tensorRt, tensorRt.cuda().gpu(index), file.path());
      add(index, rows, engine);
      SignatureCheck.check(spec, perRow(engine.signature(), rows));
    }
  }

  private void build(ModelFile file, DjlParameters parameters, DjlLoader loader)
      throws BackendException, TensorRtException, CudaException {
    DjlEngineStore.Source source = DjlEngineStore.Source.of(file, parameters);
    SignatureCheck.check(spec, source.onnx().signature());
    for (int index : gpus()) {
      Gpu gpu = loader.tensorRt().cuda().gpu(index);
      for (int rows : parameters.sizes().sizes()) {
        DjlEngine engine = loader.store().engine(spec, source, gpu, rows);
        add(index, rows, engine);
        SignatureCheck.check(spec, perRow(engine.signature(), rows));
      }
    }
  }

  private void add(int gpu, int rows, DjlEngine engine) {
    byGpu.computeIfAbsent(gpu, ignored -> new TreeMap<>()).put(rows, engine);
  }

  /** What an engine of fixed shapes would say of itself if rows were open. */
  private ModelSignature perRow(ModelSignature fixed, int rows) throws BackendException {
    return spec.isBatching()
        ? new ModelSignature(perRow(fixed.inputs(), rows), perRow(fixed.outputs(), rows))
        : fixed;
  }

  private static List<TensorSpec> perRow(List<TensorSpec> fixed, int rows) throws BackendException {
    List<TensorSpec> open = new ArrayList<>();
    for (TensorSpec tensor : fixed) {
      long[] shape = tensor.shape();
      if (shape.length == 0 || shape[0] != rows) {
        throw BackendException.ofField(
            "max_batch_size: the engine's '%s' has shape %s (expected: %d rows, since DJL's engine has fixed shapes)"
                .formatted(tensor.name(), Shapes.text(shape), rows),
            "max_batch_size");
      }
      shape[0] = Shapes.VARIABLE;
      open.add(new TensorSpec(tensor.name(), tensor.type(), shape));
    }
    return open;
  }

  @Override
  public ModelInstance createInstance(InstanceSpec instance) throws BackendException {
    NavigableMap<Integer, DjlEngine> engines = byGpu.get(instance.device());
    if (engines == null) {
      throw new BackendException(
          "instance '" + instance.name() + "' is not among those that the model was loaded for");
    }
    try {
      return DjlInstance.of(spec, engines);
    } catch (CudaException | TensorRtException e) {
      throw TensorRtModel.unloadable(spec.source(), e);
    }
  }

  @Override
  public void close() {
    byGpu.values().forEach(engines -> engines.values().forEach(DjlEngine::close));
    byGpu.clear();
  }
}
