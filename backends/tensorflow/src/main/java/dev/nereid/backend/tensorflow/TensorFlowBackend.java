package dev.nereid.backend.tensorflow;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.SignatureCheck;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** TensorFlow in this process. */
final class TensorFlowBackend implements Backend {

  private static final Logger log = LoggerFactory.getLogger(TensorFlowBackend.class);

  private final BackendSettings settings;
  private final ProcessPool intraOpPool = new ProcessPool(SessionSettings.INTRA_OP_THREADS);
  private final ProcessPool interOpPool = new ProcessPool(SessionSettings.INTER_OP_THREADS);

  /** The library is loaded by now. */
  TensorFlowBackend(BackendSettings settings) {
    this.settings = settings;
  }

  @Override
  public String defaultModelFilename() {
    return "model.savedmodel";
  }

  @Override
  public Set<InstanceKind> kinds() {
    return Set.of(InstanceKind.CPU);
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
    SessionSettings session = SessionSettings.parse(source);
    return TfSignature.of(source, session.graphTag(), session.signatureKey()).asInspected(source);
  }

  @Override
  public LoadedModel load(ModelSpec spec) throws BackendException {
    SessionSettings.refuseAccelerators(spec);
    spec.gpu().refuseAll(TensorFlowProvider.NAME);
    SessionSettings session = SessionSettings.parse(spec.source());
    TfSignature signature =
        TfSignature.of(spec.source(), session.graphTag(), session.signatureKey());
    ModelSignature described = signature.asConfigured(spec);
    SignatureCheck.check(spec, described);
    TensorFlowModel model =
        new TensorFlowModel(
            spec, signature, described, session.toProto(spec.graphOptimizationLevel()));
    warnOfThreads(spec.source().modelName(), session);
    return model;
  }

  private void warnOfThreads(String model, SessionSettings session) {
    intraOpPool.loaded(model, session.intraOpThreads()).ifPresent(log::warn);
    if (!session.perSessionThreads()) {
      interOpPool.loaded(model, session.interOpThreads()).ifPresent(log::warn);
    }
  }
}
