package dev.nereid.microbench;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.RepeatedBatch;
import dev.nereid.backend.TensorSpec;
import dev.nereid.server.backend.BackendRegistry;
import dev.nereid.tensor.DataType;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * TensorFlow and TF-TRT on a GPU without a server around them: instances of the backend in a loop,
 * each with a full batch in page-locked memory of its own. What the server reaches of this is what
 * it costs. First holds the GPU's answers against the CPU's.
 *
 * <p>The engines are those of a model with {@code preferred_batch_size: [ BATCH ]} and {@code
 * max_batch_size: BATCH}, and are taken from the same cache.
 *
 * <p>Arguments: {@code BACKENDS_DIRECTORY MODEL_VERSION_DIRECTORY PRECISION BATCH THREADS SECONDS},
 * where the precision is FP32, FP16, INT8 or {@code none} for TensorFlow alone. {@code
 * -Dnereid.device=cpu} has all of it run on the CPU.
 */
public final class BareTfTrtLoop {

  private static final int CHECKED_ROWS = 8;

  private BareTfTrtLoop() {}

  public static void main(String[] args) throws Exception {
    if (args.length != 6) {
      System.err.println(
          "arguments: "
              + args.length
              + " (expected: BACKENDS_DIRECTORY MODEL_VERSION_DIRECTORY PRECISION BATCH THREADS"
              + " SECONDS)");
      System.exit(1);
    }
    int batch = Integer.parseInt(args[3]);
    int threads = Integer.parseInt(args[4]);
    long nanos = Math.round(Double.parseDouble(args[5]) * 1e9);
    InstanceKind kind =
        System.getProperty("nereid.device", "gpu").equals("cpu")
            ? InstanceKind.CPU
            : InstanceKind.GPU;
    try (BackendRegistry registry =
        new BackendRegistry(List.of(Path.of(args[0])), Map.of(), List.of())) {
      Backend backend = registry.backend("tensorflow");
      ModelSpec onCpu = spec(backend, Path.of(args[1]), batch);
      ModelSpec spec = accelerated(onCpu, args[2], kind);
      float[] expected = answers(backend, onCpu, InstanceKind.CPU);
      long start = System.nanoTime();
      try (LoadedModel model = backend.load(spec)) {
        System.out.printf(Locale.ROOT, "loaded in %.1f s%n", (System.nanoTime() - start) / 1e9);
        compare(expected, answers(model, spec, kind));
        loop(model, spec, kind, batch, threads, nanos / 4);
        System.out.printf(
            Locale.ROOT,
            "%s, batch %d, %d threads: %.0f images/s%n",
            args[2],
            batch,
            threads,
            loop(model, spec, kind, batch, threads, nanos));
      }
    }
  }

  private static ModelSpec spec(Backend backend, Path version, int batch) throws BackendException {
    ModelSource source =
        new ModelSource("loop", 1, version, backend.defaultModelFilename(), Map.of());
    ModelSignature signature = backend.inspect(source);
    return ModelSpec.of(source, batch, signature.inputs(), signature.outputs());
  }

  private static ModelSpec accelerated(ModelSpec spec, String precision, InstanceKind kind) {
    ModelSpec placed = spec.withInstances(instance(0, kind));
    return precision.equals("none")
        ? placed
        : placed.withAccelerators(
            new ModelSpec.Accelerator(kind, "tensorrt", Map.of("precision_mode", precision)));
  }

  private static InstanceSpec instance(int index, InstanceKind kind) {
    return new InstanceSpec("loop_" + index, kind, 0);
  }

  private static float[] answers(Backend backend, ModelSpec spec, InstanceKind kind)
      throws BackendException {
    try (LoadedModel model = backend.load(spec)) {
      return answers(model, spec, kind);
    }
  }

  private static float[] answers(LoadedModel model, ModelSpec spec, InstanceKind kind)
      throws BackendException {
    int rows = Math.min(CHECKED_ROWS, spec.maxBatchSize());
    try (ModelInstance instance = model.createInstance(instance(0, kind));
        RepeatedBatch batch = RepeatedBatch.ofOne(spec, rows, new PinnedBuffers())) {
      fill(batch, spec, 7);
      instance.execute(batch);
      FloatBuffer output = batch.floats(spec.outputs().get(0).name());
      float[] values = new float[output.remaining()];
      output.get(values);
      return values;
    }
  }

  /** Fills FP32 inputs with pseudo-random pixels from 0 to 1, the others with such bytes. */
  private static void fill(RepeatedBatch batch, ModelSpec spec, long seed) {
    for (TensorSpec input : spec.inputs()) {
      ByteBuffer data = batch.input(input.name());
      long state = seed;
      while (data.remaining() >= Float.BYTES) {
        state = state * 6364136223846793005L + 1442695040888963407L;
        int random = (int) (state >>> 40);
        if (input.type() == DataType.FP32) {
          data.putFloat(random / (float) (1 << 24));
        } else {
          data.putInt(random);
        }
      }
    }
  }

  private static void compare(float[] expected, float[] actual) {
    double largest = 0;
    double norms = 0;
    double dot = 0;
    double otherNorms = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i] - actual[i]));
      dot += expected[i] * (double) actual[i];
      norms += expected[i] * (double) expected[i];
      otherNorms += actual[i] * (double) actual[i];
    }
    System.out.printf(
        Locale.ROOT,
        "against the CPU: largest difference %.3e, cosine %.6f%n",
        largest,
        dot / Math.sqrt(norms * otherNorms));
  }

  private static double loop(
      LoadedModel model, ModelSpec spec, InstanceKind kind, int batch, int threads, long nanos)
      throws Exception {
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      List<Callable<Double>> loops = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        InstanceSpec own = instance(i, kind);
        loops.add(() -> imagesPerSecond(model, spec, own, batch, nanos));
      }
      double sum = 0;
      for (Future<Double> rate : executor.invokeAll(loops)) {
        sum += rate.get();
      }
      return sum;
    } finally {
      executor.shutdown();
    }
  }

  private static double imagesPerSecond(
      LoadedModel model, ModelSpec spec, InstanceSpec own, int rows, long nanos)
      throws BackendException {
    try (ModelInstance instance = model.createInstance(own);
        RepeatedBatch batch = RepeatedBatch.ofOne(spec, rows, new PinnedBuffers())) {
      fill(batch, spec, own.name().hashCode());
      long start = System.nanoTime();
      long batches = 0;
      long now = start;
      while (now - start < nanos) {
        instance.execute(batch);
        batches++;
        now = System.nanoTime();
      }
      batch.check();
      return batches * rows * 1e9 / (now - start);
    }
  }
}
