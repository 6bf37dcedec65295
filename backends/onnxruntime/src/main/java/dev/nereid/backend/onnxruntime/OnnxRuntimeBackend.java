package dev.nereid.backend.onnxruntime;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.SignatureCheck;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** ONNX Runtime in this process. */
final class OnnxRuntimeBackend implements Backend {

  private static final String MODEL_FILE = "model.onnx";

  private final BackendSettings settings;
  private final Engine engine;

  OnnxRuntimeBackend(BackendSettings settings, Engine engine) {
    this.settings = settings;
    this.engine = engine;
  }

  @Override
  public String defaultModelFilename() {
    return MODEL_FILE;
  }

  @Override
  public Set<InstanceKind> kinds() {
    return engine.gpus().all().isEmpty()
        ? Set.of(InstanceKind.CPU)
        : Set.of(InstanceKind.CPU, InstanceKind.GPU);
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
   * <p>Opens the file without optimising or pre-packing anything, which is most of what a load
   * costs.
   */
  @Override
  public ModelSignature inspect(ModelSource source) throws BackendException {
    Path file = file(source);
    try (SessionOptions options = new SessionOptions()) {
      options.setOptimizationLevel(OptLevel.NO_OPT);
      options.addConfigEntry("session.disable_prepacking", "1");
      if (settings.globalThreadPool()) {
        options.disablePerSessionThreads();
      } else {
        options.setIntraOpNumThreads(1);
      }
      try (OrtSession session = engine.environment().createSession(file.toString(), options)) {
        return OnnxSignature.whole(session);
      }
    } catch (OrtException e) {
      throw unreadable(source, e);
    }
  }

  @Override
  public LoadedModel load(ModelSpec spec) throws BackendException {
    SessionSettings session = SessionSettings.parse(spec);
    OnnxModel model =
        new OnnxModel(new SessionFactory(spec, file(spec.source()), engine, settings, session));
    try {
      SignatureCheck.check(spec, model.signature());
      return model;
    } catch (BackendException e) {
      model.close();
      throw e;
    }
  }

  /** Like Triton, takes a folder with the file in it for the file. */
  private static Path file(ModelSource source) throws BackendException {
    Path path = source.modelPath();
    Path file = Files.isDirectory(path) ? path.resolve(MODEL_FILE) : path;
    if (!Files.isRegularFile(file)) {
      throw new BackendException(
          "unable to find '" + file + "' for model instance '" + source.modelName() + "'");
    }
    return file;
  }

  /** Why a file is no model, naming the model, since the engine does not always name the file. */
  static BackendException unreadable(ModelSource source, OrtException e) {
    return new BackendException(
        "unable to load model '" + source.modelName() + "', " + OrtErrors.of(e).getMessage(), e);
  }
}
