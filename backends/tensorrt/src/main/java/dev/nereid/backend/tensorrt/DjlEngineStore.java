package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.Shapes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Engines that DJL builds of ONNX models, each for one batch size: found on disk, or built and kept
 * there, one at a time in this process. Thread-safe.
 */
final class DjlEngineStore {

  private static final Logger log = LoggerFactory.getLogger(DjlEngineStore.class);

  private final DjlTensorRt tensorRt;
  private final Path directory;

  DjlEngineStore(DjlTensorRt tensorRt, Path directory) {
    this.tensorRt = tensorRt;
    this.directory = directory;
  }

  /**
   * What an engine is made of.
   *
   * @param digest of the model's files
   */
  record Source(Path file, OnnxFile onnx, String digest, Precision precision) {

    /**
     * Reads an ONNX file.
     *
     * @throws BackendException if it has what DJL's engine cannot run
     */
    static Source of(ModelFile file, DjlParameters parameters) throws BackendException {
      OnnxFile onnx = OnnxFile.read(file.path());
      for (List<TensorSpec> tensors : List.of(onnx.inputs(), onnx.outputs())) {
        for (TensorSpec tensor : tensors) {
          if (!DjlEngine.TYPES.contains(tensor.type())) {
            throw new BackendException(
                "%s: '%s' is %s (expected: FP32, FP16, INT8, INT32 or BOOL with runtime 'djl')"
                    .formatted(file.path(), tensor.name(), tensor.type()));
          }
        }
      }
      return new Source(
          file.path(),
          onnx,
          ModelDigest.of(file.path(), onnx.externalFiles()),
          parameters.precision(onnx));
    }
  }

  /**
   * An engine for batches of so many rows.
   *
   * @return to be closed by the caller
   */
  DjlEngine engine(ModelSpec spec, Source source, Gpu gpu, int rows)
      throws BackendException, TensorRtException, CudaException {
    List<TensorSpec> inputs = fixed(spec, source.onnx(), rows);
    String label = label(source, gpu, inputs);
    SealedFile kept =
        new SealedFile(directory.resolve(EngineKey.hash(label) + ".djl-engine"), label);
    String name = spec.source().modelName();
    return new KeptEngine<>(
            kept,
            plan -> {
              DjlEngine engine = read(gpu, plan);
              log.info(
                  "Model '{}': engine for {} and {} row(s) from {}", name, gpu, rows, kept.path());
              return engine;
            },
            () -> build(name, source, gpu, inputs, rows, kept))
        .get();
  }

  private DjlEngine build(
      String name, Source source, Gpu gpu, List<TensorSpec> inputs, int rows, SealedFile kept)
      throws BackendException, TensorRtException, CudaException {
    log.info(
        "Model '{}': building an engine of {} for {}, {}, {} row(s), by DJL; this takes from"
            + " seconds to minutes",
        name,
        source.file().getFileName(),
        gpu,
        source.precision(),
        rows);
    long start = System.nanoTime();
    DjlEngine engine = build(source, gpu, inputs);
    boolean whole = false;
    try {
      log.info(
          "Model '{}': engine built in {} s",
          name,
          "%.1f".formatted((System.nanoTime() - start) / 1e9));
      keep(kept, engine);
      whole = true;
      return engine;
    } finally {
      if (!whole) {
        engine.close();
      }
    }
  }

  /** The model's inputs with no dimension open: as the config has them, and so many rows. */
  private static List<TensorSpec> fixed(ModelSpec spec, OnnxFile onnx, int rows)
      throws BackendException {
    List<TensorSpec> inputs = new ArrayList<>();
    for (TensorSpec input : onnx.inputs()) {
      long[] shape = input.shape();
      for (TensorSpec configured : spec.inputs()) {
        if (configured.name().equals(input.name()) && shape.length > 0) {
          shape = configured.shape();
        }
      }
      if (spec.isBatching() && shape.length > 0) {
        shape[0] = rows;
      }
      if (Shapes.isVariable(shape)) {
        throw new BackendException(
            "input '%s': shape %s (expected: fixed dims in the config, as DJL's engine has no profiles)"
                .formatted(input.name(), Shapes.text(shape)));
      }
      inputs.add(new TensorSpec(input.name(), input.type(), shape));
    }
    return inputs;
  }

  private String label(Source source, Gpu gpu, List<TensorSpec> inputs) {
    StringBuilder text = new StringBuilder("engine by DJL 0.33.0\n");
    text.append("model: ").append(source.digest()).append('\n');
    text.append("gpu: ").append(EngineKey.gpuText(gpu)).append('\n');
    text.append("tensorrt: ").append(tensorRt.version()).append('\n');
    text.append("precision: ").append(source.precision()).append('\n');
    inputs.forEach(input -> text.append("input: ").append(input).append('\n'));
    return text.toString();
  }

  /** DJL takes a plan by its path. */
  private DjlEngine read(Gpu gpu, NativeBytes plan)
      throws TensorRtException, CudaException, IOException {
    Path file = Files.createTempFile("nereid-", ".plan");
    try {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        plan.write(channel);
      }
      return DjlEngine.read(tensorRt, gpu, file);
    } finally {
      delete(file);
    }
  }

  private DjlEngine build(Source source, Gpu gpu, List<TensorSpec> inputs)
      throws BackendException, TensorRtException, CudaException {
    try {
      Path folder = Files.createTempDirectory("nereid-");
      try {
        Path onnx = FixedOnnx.write(source.file(), source.onnx().externalFiles(), inputs, folder);
        return DjlEngine.build(tensorRt, gpu, onnx, source.precision());
      } finally {
        delete(folder);
      }
    } catch (IOException e) {
      throw new BackendException("a folder for the model's file cannot be made: " + e, e);
    }
  }

  /** A file or folder; what is left of it costs its place on the disk, and nothing else. */
  private static void delete(Path path) {
    try (Stream<Path> found = Files.walk(path)) {
      for (Path each : found.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(each);
      }
    } catch (NoSuchFileException e) {
      // Somebody else removed it.
    } catch (IOException | UncheckedIOException e) {
      log.warn("{} is left behind: {}", path, e.toString());
    }
  }

  /** Not being able to costs the time to build again, and nothing else. */
  private static void keep(SealedFile file, DjlEngine engine) {
    try (NativeBytes plan = engine.plan()) {
      file.write(plan);
    } catch (TensorRtException | IOException e) {
      log.warn("{} is made again at the next load: {}", file.path(), e.toString());
    }
  }
}
