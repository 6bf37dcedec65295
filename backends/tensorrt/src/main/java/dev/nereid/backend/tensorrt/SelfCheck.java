package dev.nereid.backend.tensorrt;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.GpuOptions;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.RepeatedBatch;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.DataType;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Whether this backend works on this machine's first GPU: small models in every precision against
 * the same sums done here, and what must not leak. Prints a line for each, PASS or FAIL.
 */
public final class SelfCheck {

  private static final int WIDTH = 64;
  private static final int CLASSES = 32;
  private static final int MAX_ROWS = 16;
  private static final int LOADS = 50;
  private static final int SETTLED = 10;
  private static final long TOLERATED_BYTES = 4 << 20;
  private static final float INPUT_SCALE = 1f / 64;
  private static final float WEIGHT_SCALE = 1f / 128;

  private final PrintStream out;
  private final Path directory;
  private final EngineRuntime runtime;
  private final byte[] weights = new byte[WIDTH * CLASSES];
  private int failures;

  private SelfCheck(PrintStream out, Path directory, EngineRuntime runtime) {
    this.out = out;
    this.directory = directory;
    this.runtime = runtime;
    new Random(4).nextBytes(weights);
  }

  /**
   * Runs all checks.
   *
   * @param directory for models and engines; left as it is afterwards
   * @return how many failed
   */
  static int run(PrintStream out, Path directory, EngineRuntime runtime) {
    SelfCheck check = new SelfCheck(out, directory, runtime);
    check.all();
    return check.failures;
  }

  /**
   * {@code SelfCheck [DIRECTORY [RUNTIME]]}, the latter {@code tensorrt} or {@code djl}: exits with
   * 1 where a check failed.
   */
  public static void main(String[] args) throws IOException, BackendException {
    EngineRuntime runtime =
        EngineRuntime.of(args.length > 1 ? Map.of(EngineRuntime.PARAMETER, args[1]) : Map.of());
    Path directory =
        args.length > 0
            ? Files.createDirectories(Path.of(args[0]))
            : Files.createTempDirectory("nereid-tensorrt");
    System.exit(run(System.out, directory, runtime) == 0 ? 0 : 1);
  }

  private interface Check {
    String run() throws Exception;
  }

  private record Kind(String name, Map<String, String> parameters, DataType input, double error) {}

  private void check(String name, Check check) {
    try {
      out.println("PASS tensorrt: " + name + ": " + check.run());
    } catch (Exception | LinkageError e) {
      failures++;
      out.println("FAIL tensorrt: " + name + ": " + e);
    }
  }

  private void all() {
    List<Backend> started = new ArrayList<>();
    Map<String, String> settings =
        Map.of("engine-cache-directory", directory.resolve("engines").toString());
    check(
        "libraries and GPU",
        () -> {
          started.add(new TensorRtProvider().start(settings));
          if (runtime == EngineRuntime.DJL) {
            DjlLibraries.check();
          } else {
            NativeLibraries.check();
          }
          return CudaRuntime.open().gpu(0).toString();
        });
    if (started.isEmpty()) {
      return;
    }
    try (Backend backend = started.get(0)) {
      checkModels(backend);
    }
  }

  private void checkModels(Backend backend) {
    List<Kind> kinds =
        runtime == EngineRuntime.DJL
            ? List.of(
                new Kind("fp32", Map.of("precision_mode", "FP32"), DataType.FP32, 6e-2),
                new Kind("fp16", Map.of("precision_mode", "FP16"), DataType.FP32, 6e-2),
                new Kind("int8", Map.of("precision_mode", "INT8"), DataType.FP32, 6e-2))
            : ofTensorRt();
    boolean[] recorded =
        runtime == EngineRuntime.DJL ? new boolean[] {false} : new boolean[] {false, true};
    for (Kind kind : kinds) {
      for (boolean graphs : recorded) {
        check(
            kind.name() + (graphs ? ", CUDA graphs" : ""),
            () -> results(backend, spec(kind, options(graphs), 2), kind));
      }
    }
    Kind simple = kinds.get(0);
    check("an engine from the cache", () -> cached(backend, simple));
    check(
        "a batch that is too large is refused, the next one runs", () -> tooLarge(backend, simple));
    check("a damaged plan is refused", () -> damaged(backend, simple));
    check(LOADS + " loads and unloads", () -> flat(backend, simple));
  }

  private static List<Kind> ofTensorRt() {
    return List.of(
        new Kind("fp32", Map.of("precision_mode", "FP32"), DataType.FP32, 1e-4),
        new Kind("tf32", Map.of(), DataType.FP32, 6e-2),
        new Kind("fp16", Map.of("precision_mode", "FP16"), DataType.FP32, 6e-2),
        new Kind("int8", Map.of("precision_mode", "INT8"), DataType.FP32, 6e-2),
        new Kind("uint8_input", Map.of("precision_mode", "FP16"), DataType.UINT8, 3e-1));
  }

  private static GpuOptions options(boolean graphs) {
    return new GpuOptions(graphs, List.of(), graphs, graphs, false, true, true);
  }

  private ModelSpec spec(Kind kind, GpuOptions options, int instances) throws IOException {
    Path version = Files.createDirectories(directory.resolve(kind.name()).resolve("1"));
    OnnxGraph graph = new OnnxGraph();
    graph.input("INPUT", kind.input(), -1, WIDTH);
    if (kind.name().equals("int8")) {
      graph
          .weight("input_scale", new float[] {INPUT_SCALE})
          .weight("weight_scale", new float[] {WEIGHT_SCALE})
          .weight("zero", new byte[] {0})
          .node("QuantizeLinear", "quantized", "INPUT", "input_scale", "zero")
          .node("DequantizeLinear", "floats", "quantized", "input_scale", "zero");
      if (runtime == EngineRuntime.DJL) {
        // TensorRT 8 takes no integers for weights, and makes them of floats.
        graph
            .weight("w32", floats(), WIDTH, CLASSES)
            .node("QuantizeLinear", "weights", "w32", "weight_scale", "zero");
      } else {
        graph.weight("weights", weights, WIDTH, CLASSES);
      }
      graph.node("DequantizeLinear", "w", "weights", "weight_scale", "zero");
    } else {
      graph.weight("w", floats(), WIDTH, CLASSES);
      if (kind.input() == DataType.FP32) {
        graph.node("Identity", "floats", "INPUT");
      } else {
        graph.toFloat("floats", "INPUT");
      }
    }
    graph
        .node("MatMul", "product", "floats", "w")
        .node("Relu", "OUTPUT", "product")
        .output("OUTPUT", DataType.FP32, -1, CLASSES)
        .write(version.resolve(ModelFile.ONNX_FILE));
    InstanceSpec[] specs = new InstanceSpec[instances];
    for (int i = 0; i < instances; i++) {
      specs[i] = new InstanceSpec(kind.name() + "_" + i, InstanceKind.GPU, 0);
    }
    return ModelSpec.of(
            source(kind.name(), version, ModelFile.ONNX_FILE, kind.parameters()),
            MAX_ROWS,
            List.of(new TensorSpec("INPUT", kind.input(), -1, WIDTH)),
            List.of(new TensorSpec("OUTPUT", DataType.FP32, -1, CLASSES)))
        .withInstances(specs)
        .withGpu(options);
  }

  private ModelSource source(
      String name, Path version, String file, Map<String, String> parameters) {
    Map<String, String> all = new HashMap<>(parameters);
    all.put(EngineRuntime.PARAMETER, runtime.title());
    return new ModelSource(name, 1, version, file, all);
  }

  private float[] floats() {
    float[] floats = new float[weights.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = weights[i] * WEIGHT_SCALE;
    }
    return floats;
  }

  /** Two batches in flight on each instance, of sizes that are recorded, filled up and neither. */
  private String results(Backend backend, ModelSpec spec, Kind kind) throws Exception {
    double worst = 0;
    try (LoadedModel model = backend.load(spec)) {
      for (InstanceSpec instanceSpec : spec.instances()) {
        try (ModelInstance instance = model.createInstance(instanceSpec);
            RepeatedBatch first = batch(spec, MAX_ROWS);
            RepeatedBatch second = batch(spec, 3)) {
          fill(first, kind, 1);
          fill(second, kind, 2);
          for (int i = 0; i < 4; i++) {
            instance.start(first);
            instance.start(second);
            instance.complete(first);
            instance.complete(second);
          }
          worst = Math.max(worst, Math.max(difference(first, kind), difference(second, kind)));
        }
      }
    }
    if (!(worst <= kind.error())) {
      throw new BackendException("off by " + worst + " (expected: at most " + kind.error() + ")");
    }
    return "off by at most " + worst;
  }

  private static RepeatedBatch batch(ModelSpec spec, int rows) throws BackendException {
    return RepeatedBatch.ofRows(spec, rows, new PageLockedBuffers());
  }

  private static void fill(RepeatedBatch batch, Kind kind, int seed) {
    Random random = new Random(seed);
    ByteBuffer input = batch.input("INPUT");
    while (input.hasRemaining()) {
      if (kind.input() == DataType.UINT8) {
        input.put((byte) random.nextInt(16));
      } else {
        // Exact in every precision: multiples of the scale within its range.
        input.putFloat((random.nextInt(255) - 127) * INPUT_SCALE);
      }
    }
  }

  private double difference(RepeatedBatch batch, Kind kind) throws BackendException {
    double worst = 0;
    ByteBuffer input = batch.input("INPUT");
    ByteBuffer output = batch.result("OUTPUT");
    for (int row = 0; row < batch.rows(); row++) {
      for (int column = 0; column < CLASSES; column++) {
        double sum = 0;
        for (int k = 0; k < WIDTH; k++) {
          int at = row * WIDTH + k;
          double x =
              kind.input() == DataType.UINT8
                  ? Byte.toUnsignedInt(input.get(at))
                  : input.getFloat(at * Float.BYTES);
          sum += x * weights[k * CLASSES + column] * WEIGHT_SCALE;
        }
        double found = output.getFloat((row * CLASSES + column) * Float.BYTES);
        double off = Math.abs(found - Math.max(0, sum));
        // A value that is no number is as wrong as can be.
        worst = off >= 0 ? Math.max(worst, off) : Double.MAX_VALUE;
      }
    }
    return worst;
  }

  private String cached(Backend backend, Kind kind) throws Exception {
    ModelSpec spec = spec(kind, options(false), 2);
    long start = System.nanoTime();
    backend.load(spec).close();
    long millis = (System.nanoTime() - start) / 1_000_000;
    long engines;
    try (var files = Files.list(directory.resolve("engines"))) {
      engines = files.filter(file -> file.toString().endsWith("engine")).count();
    }
    if (engines == 0) {
      throw new BackendException("no engine was kept");
    }
    return "loaded in " + millis + " ms, " + engines + " engines kept";
  }

  private String tooLarge(Backend backend, Kind kind) throws Exception {
    ModelSpec spec = spec(kind, options(false), 1);
    try (LoadedModel model = backend.load(spec);
        ModelInstance instance = model.createInstance(spec.instances().get(0));
        RepeatedBatch large = batch(spec, MAX_ROWS);
        RepeatedBatch good = batch(spec, MAX_ROWS)) {
      String refusal = "";
      try (RepeatedBatch tooLarge = batch(spec, MAX_ROWS + 1)) {
        instance.execute(tooLarge);
      } catch (BackendException e) {
        refusal = String.valueOf(e.getMessage());
      }
      if (refusal.isEmpty()) {
        throw new BackendException("it ran");
      }
      fill(good, kind, 3);
      instance.execute(good);
      if (!(difference(good, kind) <= kind.error()) || large.rows() != MAX_ROWS) {
        throw new BackendException("the next batch was wrong");
      }
      return refusal;
    }
  }

  private String damaged(Backend backend, Kind kind) throws Exception {
    ModelSpec spec = spec(kind, options(false), 1);
    Path version = Files.createDirectories(directory.resolve("damaged").resolve("1"));
    Files.write(version.resolve(ModelFile.PLAN_FILE), new byte[4096]);
    ModelSpec damaged =
        ModelSpec.of(
                source("damaged", version, ModelFile.PLAN_FILE, Map.of()),
                MAX_ROWS,
                spec.inputs(),
                spec.outputs())
            .withInstances(spec.instances().get(0));
    try {
      backend.load(damaged).close();
    } catch (BackendException e) {
      return String.valueOf(e.getMessage());
    }
    throw new BackendException("it was loaded");
  }

  private String flat(Backend backend, Kind kind) throws Exception {
    ModelSpec spec = spec(kind, options(runtime == EngineRuntime.TENSORRT), 4);
    CudaRuntime cuda = CudaRuntime.open();
    long settled = 0;
    int threads = 0;
    for (int i = 0; i < LOADS; i++) {
      try (LoadedModel model = backend.load(spec)) {
        List<ModelInstance> instances = new ArrayList<>();
        try {
          for (InstanceSpec instance : spec.instances()) {
            instances.add(model.createInstance(instance));
          }
        } finally {
          instances.forEach(ModelInstance::close);
        }
      }
      if (i == SETTLED) {
        settled = cuda.freeBytes();
        threads = Thread.activeCount();
      }
    }
    long grown = settled - cuda.freeBytes();
    if (grown > TOLERATED_BYTES || Thread.activeCount() > threads) {
      throw new BackendException(
          "%d bytes of GPU memory and %d threads more than after %d loads"
              .formatted(grown, Thread.activeCount() - threads, SETTLED));
    }
    return "GPU memory grew by " + grown + " bytes after the first " + SETTLED;
  }
}
