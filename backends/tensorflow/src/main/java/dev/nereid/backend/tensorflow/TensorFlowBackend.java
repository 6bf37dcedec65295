package dev.nereid.backend.tensorflow;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.SignatureCheck;
import dev.nereid.backend.tensorflow.TensorFlowModel.Device;
import dev.nereid.backend.tensorflow.graph.NotFreezable;
import dev.nereid.backend.tensorflow.graph.OpDefs;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tensorflow.proto.ConfigProto;

/** TensorFlow in this process. */
final class TensorFlowBackend implements Backend {

  private static final Logger log = LoggerFactory.getLogger(TensorFlowBackend.class);

  private final BackendSettings settings;
  private final TensorFlowGpus gpus;
  private final ProcessPool intraOpPool = new ProcessPool(SessionSettings.INTRA_OP_THREADS);
  private final ProcessPool interOpPool = new ProcessPool(SessionSettings.INTER_OP_THREADS);
  private Optional<EngineStore> engines = Optional.empty();

  /** The library is loaded by now. */
  TensorFlowBackend(BackendSettings settings, TensorFlowGpus gpus) {
    this.settings = settings;
    this.gpus = gpus;
  }

  @Override
  public String defaultModelFilename() {
    return "model.savedmodel";
  }

  @Override
  public Set<InstanceKind> kinds() {
    Set<InstanceKind> kinds = EnumSet.of(InstanceKind.CPU);
    // Of a GPU without memory a model is to be told at its load, and not to be put on the CPU.
    if (gpus.mayBe()) {
      kinds.add(InstanceKind.GPU);
    }
    return kinds;
  }

  @Override
  public int defaultCpuInstanceCount() {
    return 2;
  }

  @Override
  public int defaultMaxBatchSize() {
    return settings.defaultMaxBatchSize();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Reads signatures alone: neither the graph nor a variable.
   */
  @Override
  public ModelSignature inspect(ModelSource source) throws BackendException {
    SessionSettings session = SessionSettings.parse(source, OptionalInt.empty());
    return TfSignature.of(source, session.graphTag(), session.signatureKey()).asInspected(source);
  }

  @Override
  public LoadedModel load(ModelSpec spec) throws BackendException {
    GpuOptimization optimization = GpuOptimization.parse(spec);
    spec.gpu()
        .refuse(
            TensorFlowProvider.NAME,
            "graphs",
            "graph_spec",
            "busy_wait_events",
            "output_copy_stream",
            "eager_batching");
    SessionSettings session =
        SessionSettings.parse(spec.source(), OptionalInt.of(spec.maxBatchSize()));
    TfSignature signature =
        TfSignature.of(spec.source(), session.graphTag(), session.signatureKey());
    ModelSignature described = signature.asConfigured(spec);
    SignatureCheck.check(spec, described);
    for (InstanceSpec instance : spec.instances()) {
      checkDevice(instance.name(), Device.of(instance));
    }
    TensorFlowModel model =
        TensorFlowModel.on(
            spec,
            device -> {
              if (device.kind() == InstanceKind.CPU) {
                return onCpu(spec, signature, described, session);
              }
              checkDevice(spec.source().modelName(), device);
              return new GpuModelLoader(
                      spec,
                      signature,
                      described,
                      session,
                      optimization,
                      settings.gpuMemory(),
                      engines(optimization))
                  .load(device.index());
            });
    warnOfThreads(spec.source().modelName(), session);
    return model;
  }

  /**
   * {@inheritDoc}
   *
   * <p>A SavedModel: functions are inlined, too, and the result has the tag {@code serve} and the
   * signature {@code serving_default}.
   */
  @Override
  public void freeze(ModelSource source, Path into) throws BackendException {
    SessionSettings session = SessionSettings.parse(source, OptionalInt.empty());
    TfSignature signature = TfSignature.of(source, session.graphTag(), session.signatureKey());
    try {
      new ModelFreezer(source, signature, OpDefs.ofLibrary()).write(into);
    } catch (NotFreezable e) {
      throw new BackendException(
          "unable to freeze '" + source.modelName() + "': " + e.getMessage(), e);
    }
  }

  private void checkDevice(String name, Device device) throws BackendException {
    if (device.kind() == InstanceKind.GPU && device.index() >= gpus.count()) {
      throw new BackendException(
          "instance '%s': GPU %d (expected: a GPU that TensorFlow has registered, of which there are %d; %s)"
              .formatted(name, device.index(), gpus.count(), gpus.whyNone()));
    }
  }

  private PlacedModel onCpu(
      ModelSpec spec, TfSignature signature, ModelSignature described, SessionSettings session)
      throws BackendException {
    ConfigProto config = session.toCpuProto(spec.graphOptimizationLevel());
    TfSession opened =
        TfSession.ofSavedModel(
            "unable to load model '" + spec.source().modelName() + "', ",
            SavedModelFile.folder(spec.source()),
            signature.tags(),
            config);
    Padding padding = session.padBatches() ? session.padding().orElse(Padding.NONE) : Padding.NONE;
    return new PlacedModel(
        spec, signature, described, opened, tensor -> tensor, padding, PlacedModel.Style.ON_CPU);
  }

  /** Made once it is needed, since it asks the driver. */
  private synchronized Optional<EngineStore> engines(GpuOptimization optimization) {
    if (engines.isEmpty() && optimization.tensorRt().isPresent()) {
      engines =
          settings
              .engineCacheDirectory()
              .map(folder -> new EngineStore(folder, EngineStore.Stack.ofThisProcess()));
    }
    return engines;
  }

  private void warnOfThreads(String model, SessionSettings session) {
    intraOpPool.loaded(model, session.intraOpThreads()).ifPresent(log::warn);
    if (!session.perSessionThreads()) {
      interOpPool.loaded(model, session.interOpThreads()).ifPresent(log::warn);
    }
  }
}
