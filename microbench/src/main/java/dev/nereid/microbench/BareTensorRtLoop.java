package dev.nereid.microbench;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.GpuOptions;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.RepeatedBatch;
import dev.nereid.backend.tensorrt.PageLockedBuffers;
import dev.nereid.backend.tensorrt.TensorRtProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What the TensorRT backend does on a GPU without a server around it: instances of one model, each
 * with two batches in page-locked memory that it runs again and again.
 *
 * <pre>
 *   BareTensorRtLoop model=resnet50/1 [instances=2] [batch=64] [seconds=5] [depth=2] [graphs=false]
 *                    [busy_wait=false] [output_stream=true] [cache=DIR] [one_request=false]
 *                    [parameter NAME=VALUE ...]
 * </pre>
 *
 * {@code model} is a version's directory, with model.plan or model.onnx in it; every other name is
 * a parameter of the model, such as {@code precision_mode=FP16}, or {@code runtime=djl} on the
 * libraries of the GPU stack {@code tftrt}. A batch is of as many requests as rows, or with {@code
 * one_request} of one. Prints images a second.
 */
final class BareTensorRtLoop {

  private static final int WARM_UP_BATCHES = 20;

  private final Map<String, String> arguments = new TreeMap<>();

  private BareTensorRtLoop(String[] args) {
    for (String arg : args) {
      int at = arg.indexOf('=');
      if (at < 1) {
        throw new IllegalArgumentException(arg + " (expected: name=value)");
      }
      arguments.put(arg.substring(0, at), arg.substring(at + 1));
    }
  }

  public static void main(String[] args) throws Exception {
    new BareTensorRtLoop(args).run();
  }

  /** What is taken is no parameter of the model's. */
  private String take(String name, String otherwise) {
    String value = arguments.remove(name);
    return value == null ? otherwise : value;
  }

  private void run() throws Exception {
    Path directory = Path.of(take("model", "."));
    int instances = Integer.parseInt(take("instances", "2"));
    int batch = Integer.parseInt(take("batch", "64"));
    int depth = Integer.parseInt(take("depth", "2"));
    // Which has no stream for outputs, and one batch at a time.
    boolean djl = "djl".equals(arguments.get("runtime"));
    boolean oneRequest = Boolean.parseBoolean(take("one_request", "false"));
    double seconds = Double.parseDouble(take("seconds", "5"));
    GpuOptions options =
        new GpuOptions(
            Boolean.parseBoolean(take("graphs", "false")),
            List.of(),
            Boolean.parseBoolean(take("busy_wait", "false")),
            Boolean.parseBoolean(take("output_stream", djl ? "false" : "true")),
            false,
            true,
            true);
    String cache = take("cache", "");
    Backend backend =
        new TensorRtProvider()
            .start(cache.isEmpty() ? Map.of() : Map.of("engine-cache-directory", cache));
    ModelSpec spec = spec(backend, directory, batch, instances, options);
    try (backend;
        LoadedModel model = backend.load(spec)) {
      double rate = imagesPerSecond(model, spec, batch, depth, oneRequest, (long) (seconds * 1e9));
      System.out.printf(
          "%s: %d instances, batch %d, depth %d, %s: %.0f images/s%n",
          directory, instances, batch, depth, options, rate);
    }
  }

  private ModelSpec spec(
      Backend backend, Path directory, int batch, int instances, GpuOptions options)
      throws BackendException {
    String file = Files.exists(directory.resolve("model.plan")) ? "model.plan" : "model.onnx";
    ModelSource source = new ModelSource("model", 1, directory, file, Map.copyOf(arguments));
    ModelSignature signature = backend.inspect(source);
    List<InstanceSpec> specs = new ArrayList<>();
    for (int i = 0; i < instances; i++) {
      specs.add(new InstanceSpec("model_0_" + i, InstanceKind.GPU, 0));
    }
    return new ModelSpec(
        source,
        batch,
        List.of(),
        signature.inputs(),
        signature.outputs(),
        specs,
        OptionalInt.empty(),
        List.of(),
        options);
  }

  private static double imagesPerSecond(
      LoadedModel model, ModelSpec spec, int batch, int depth, boolean oneRequest, long nanos)
      throws BackendException, InterruptedException, ExecutionException {
    List<ModelInstance> instances = new ArrayList<>();
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      for (InstanceSpec instance : spec.instances()) {
        instances.add(model.createInstance(instance));
      }
      List<Future<Double>> rates = new ArrayList<>();
      for (ModelInstance instance : instances) {
        rates.add(
            threads.submit(() -> imagesPerSecond(instance, spec, batch, depth, oneRequest, nanos)));
      }
      double sum = 0;
      for (Future<Double> rate : rates) {
        sum += rate.get();
      }
      return sum;
    } finally {
      threads.shutdown();
      instances.forEach(ModelInstance::close);
    }
  }

  /** Of one instance: a next batch is begun before the oldest is waited for. */
  private static double imagesPerSecond(
      ModelInstance instance, ModelSpec spec, int batch, int depth, boolean oneRequest, long nanos)
      throws BackendException {
    List<RepeatedBatch> batches = new ArrayList<>();
    try {
      for (int i = 0; i < Math.min(depth, instance.depth()); i++) {
        PageLockedBuffers memory = new PageLockedBuffers();
        batches.add(
            oneRequest
                ? RepeatedBatch.ofOne(spec, batch, memory)
                : RepeatedBatch.ofRows(spec, batch, memory));
      }
      int flying = batches.size();
      for (int i = 0; i < flying - 1; i++) {
        instance.start(batches.get(i));
      }
      long begun = flying - 1L;
      long completed = 0;
      long start = System.nanoTime();
      long from = 0;
      while (completed < WARM_UP_BATCHES || System.nanoTime() - start < nanos) {
        instance.start(batches.get((int) (begun++ % flying)));
        instance.complete(batches.get((int) (completed++ % flying)));
        if (completed == WARM_UP_BATCHES) {
          start = System.nanoTime();
          from = completed;
        }
      }
      double rate = (completed - from) * (double) batch * 1e9 / (System.nanoTime() - start);
      while (completed < begun) {
        instance.complete(batches.get((int) (completed++ % flying)));
      }
      for (RepeatedBatch done : batches) {
        done.check();
      }
      return rate;
    } finally {
      batches.forEach(RepeatedBatch::close);
    }
  }
}
