package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.SignatureCheck;
import dev.nereid.backend.tensorrt.ProfilePlan.Assignment;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A model's engines, on every GPU that its instances run on. */
final class TensorRtModel implements LoadedModel {

  private static final Logger log = LoggerFactory.getLogger(TensorRtModel.class);

  private final ModelSpec spec;
  private final GraphSizes graphs;
  private final Map<Integer, OnGpu> byGpu;

  /** One GPU's copies of the engine, and who runs on which. */
  private record OnGpu(Gpu gpu, List<Engine> copies, ProfilePlan plan) {}

  private TensorRtModel(ModelSpec spec, GraphSizes graphs, Map<Integer, OnGpu> byGpu) {
    this.spec = spec;
    this.graphs = graphs;
    this.byGpu = byGpu;
  }

  /** Loads the model onto each GPU of its instances, one after the other. */
  static TensorRtModel load(
      ModelSpec spec,
      ModelFile file,
      ModelParameters parameters,
      GraphSizes graphs,
      TensorRt tensorRt,
      EngineStore store)
      throws BackendException {
    Map<Integer, List<InstanceSpec>> wanted = new LinkedHashMap<>();
    for (InstanceSpec instance : spec.instances()) {
      if (instance.kind() != InstanceKind.GPU) {
        throw new BackendException(
            "instance '%s': KIND_%s (expected: KIND_GPU, since TensorRT runs on nothing else)"
                .formatted(instance.name(), instance.kind()));
      }
      if (file.kind() == ModelFile.Kind.ONNX && !instance.profiles().isEmpty()) {
        throw BackendException.ofField(
            "instance_group.profile: %s (expected: not set, since an engine that is built here has a profile for each instance)"
                .formatted(instance.profiles()),
            "instance_group");
      }
      wanted.computeIfAbsent(instance.device(), ignored -> new ArrayList<>()).add(instance);
    }
    Map<Integer, OnGpu> byGpu = new LinkedHashMap<>();
    TensorRtModel model = new TensorRtModel(spec, graphs, byGpu);
    boolean whole = false;
    try {
      for (Map.Entry<Integer, List<InstanceSpec>> entry : wanted.entrySet()) {
        Gpu gpu = Gpu.of(entry.getKey());
        Cuda.setDevice(gpu.index());
        // In the map before it is whole, so that what is there is freed if the rest fails.
        List<Engine> copies = new ArrayList<>();
        byGpu.put(gpu.index(), new OnGpu(gpu, copies, new ProfilePlan(0, Map.of())));
        ProfilePlan plan =
            file.kind() == ModelFile.Kind.ONNX
                ? build(spec, file, parameters, store, gpu, entry.getValue(), copies)
                : take(spec, file, tensorRt, entry.getValue(), copies);
        byGpu.put(gpu.index(), new OnGpu(gpu, copies, plan));
        checkRows(spec, copies.get(0), plan);
        log.info("Model '{}' on {}: {}", spec.source().modelName(), gpu, copies.get(0).layers());
      }
      whole = true;
      return model;
    } catch (TensorRtException | CudaException e) {
      throw unloadable(spec.source(), e);
    } finally {
      if (!whole) {
        model.close();
      }
    }
  }

  private static ProfilePlan build(
      ModelSpec spec,
      ModelFile file,
      ModelParameters parameters,
      EngineStore store,
      Gpu gpu,
      List<InstanceSpec> instances,
      List<Engine> copies)
      throws BackendException, TensorRtException, CudaException {
    Engine engine = store.engine(spec, file, parameters, gpu, instances.size());
    copies.add(engine);
    SignatureCheck.check(spec, engine.signature());
    return ProfilePlan.of(instances, engine.profiles(), engine.varies());
  }

  private static ProfilePlan take(
      ModelSpec spec,
      ModelFile file,
      TensorRt tensorRt,
      List<InstanceSpec> instances,
      List<Engine> copies)
      throws BackendException, TensorRtException, CudaException {
    try (NativeBytes bytes = readPlan(file)) {
      Engine first = Engine.load(tensorRt, bytes);
      copies.add(first);
      SignatureCheck.check(spec, first.signature());
      ProfilePlan plan = ProfilePlan.of(instances, first.profiles(), first.varies());
      while (copies.size() < plan.copies()) {
        copies.add(Engine.load(tensorRt, bytes));
      }
      if (plan.copies() > 1) {
        log.warn(
            "Model '{}': the plan has {} profile(s) for {} instances, so it is loaded {} times",
            spec.source().modelName(),
            first.profiles().size(),
            instances.size(),
            plan.copies());
      }
      return plan;
    }
  }

  /** Whether every instance can run a batch of {@code max_batch_size}. */
  private static void checkRows(ModelSpec spec, Engine engine, ProfilePlan plan)
      throws BackendException {
    if (!spec.isBatching() || engine.inputs().isEmpty()) {
      return;
    }
    for (Assignment assignment : plan.byInstance().values()) {
      long most =
          assignment.profiles().stream()
              .mapToLong(profile -> engine.profiles().get(profile).inputs().get(0).max()[0])
              .max()
              .orElse(0);
      if (spec.maxBatchSize() > most) {
        throw BackendException.ofField(
            "max_batch_size: %d (expected: at most %d, as the plan's profile(s) %s have it)"
                .formatted(spec.maxBatchSize(), most, assignment.profiles()),
            "max_batch_size");
      }
    }
  }

  @Override
  public ModelInstance createInstance(InstanceSpec instance) throws BackendException {
    OnGpu onGpu = byGpu.get(instance.device());
    Assignment assignment = onGpu == null ? null : onGpu.plan().byInstance().get(instance.name());
    if (onGpu == null || assignment == null) {
      throw new BackendException(
          "instance '" + instance.name() + "' is not among those that the model was loaded for");
    }
    try {
      return new TensorRtInstance(
          spec,
          graphs,
          onGpu.gpu(),
          onGpu.copies().get(assignment.copy()),
          assignment.profiles(),
          spec.depth(instance));
    } catch (CudaException | TensorRtException e) {
      throw unloadable(spec.source(), e);
    }
  }

  static BackendException unloadable(ModelSource source, Exception e) {
    return new BackendException(
        "unable to load model '" + source.modelName() + "', " + e.getMessage(), e);
  }

  /** To be closed by the caller. */
  static NativeBytes readPlan(ModelFile file) throws BackendException {
    try (FileChannel channel = FileChannel.open(file.path())) {
      return NativeBytes.read(channel);
    } catch (IOException e) {
      throw new BackendException(file.path() + ": cannot be read: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    for (OnGpu onGpu : byGpu.values()) {
      try {
        Cuda.setDevice(onGpu.gpu().index());
      } catch (CudaException e) {
        log.warn("Model '{}': {}", spec.source().modelName(), e.getMessage());
      }
      onGpu.copies().forEach(Engine::close);
      onGpu.copies().clear();
    }
  }
}
