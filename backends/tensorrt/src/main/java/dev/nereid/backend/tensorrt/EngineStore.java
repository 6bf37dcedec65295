package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.SignatureCheck;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Engines of ONNX models: found on disk, or built and kept there, one at a time in this process.
 * Thread-safe.
 */
final class EngineStore {

  private static final Logger log = LoggerFactory.getLogger(EngineStore.class);

  private final TensorRt tensorRt;
  private final Path directory;

  EngineStore(TensorRt tensorRt, Path directory) {
    this.tensorRt = tensorRt;
    this.directory = directory;
  }

  /**
   * An engine with a profile for each of some instances, on this thread's GPU.
   *
   * @return to be closed by the caller
   */
  Engine engine(ModelSpec spec, ModelFile model, ModelParameters parameters, Gpu gpu, int profiles)
      throws BackendException, TensorRtException, CudaException {
    NativeLibraries.checkParser();
    OnnxFile onnx = OnnxFile.read(model.path());
    SignatureCheck.check(spec, onnx.signature());
    EngineKey key =
        new EngineKey(
            ModelDigest.of(model.path(), onnx.externalFiles()),
            gpu,
            tensorRt.version(),
            tensorRt.cudaVersion(),
            BuildOptions.of(parameters, onnx),
            onnx.inputs(),
            BatchProfile.of(spec, onnx.inputs()),
            profiles);
    SealedFile kept = new SealedFile(directory.resolve(key.fileName()), key.text());
    String name = spec.source().modelName();
    return new KeptEngine<>(
            kept,
            plan -> {
              Engine engine = load(plan);
              log.info("Model '{}': engine for {} from {}", name, gpu, kept.path());
              return engine;
            },
            () -> build(name, model.path(), key, kept, parameters.timingCache()))
        .get();
  }

  /** One at a time, as what TensorRT's own threads say counts against every load under way. */
  private synchronized Engine load(NativeBytes plan) throws TensorRtException, CudaException {
    return Engine.load(tensorRt, plan);
  }

  private Engine build(String name, Path file, EngineKey key, SealedFile kept, boolean keepTimings)
      throws TensorRtException, CudaException {
    log.info(
        "Model '{}': building an engine of {} for {}, {}, {} profile(s) of {}; this takes from"
            + " seconds to minutes",
        name,
        file.getFileName(),
        key.gpu(),
        key.options(),
        key.profiles(),
        key.profile());
    SealedFile timings = new SealedFile(directory.resolve(key.timingFileName()), key.timingText());
    Optional<NativeBytes> before = keepTimings ? timings.read() : Optional.empty();
    long start = System.nanoTime();
    try (EngineBuilder.Built built =
        new EngineBuilder(tensorRt, file, key).build(before, keepTimings)) {
      log.info(
          "Model '{}': engine built in {} s, {} bytes",
          name,
          "%.1f".formatted((System.nanoTime() - start) / 1e9),
          built.plan().byteSize());
      keep(kept, built.plan());
      built.timings().ifPresent(bytes -> keep(timings, bytes));
      return load(built.plan());
    } finally {
      before.ifPresent(NativeBytes::close);
    }
  }

  /** Not being able to costs the time to build again, and nothing else. */
  private static void keep(SealedFile file, NativeBytes bytes) {
    try {
      file.write(bytes);
    } catch (IOException e) {
      log.warn(
          "{} cannot be written, so it is made again at the next load: {}",
          file.path(),
          e.toString());
    }
  }
}
