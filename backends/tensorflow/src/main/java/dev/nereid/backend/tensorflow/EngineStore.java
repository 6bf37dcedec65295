package dev.nereid.backend.tensorflow;

import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.backend.tensorflow.engines.EngineCache;
import dev.nereid.backend.tensorflow.engines.EngineKey;
import dev.nereid.backend.tensorflow.gpu.CudaDriver;
import dev.nereid.backend.tensorflow.gpu.LibraryReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.tensorflow.internal.c_api.global.tensorflow;

/** Where this backend keeps TensorRT's engines, and under which keys. Thread-safe. */
final class EngineStore {

  private final EngineCache cache;
  private final Stack stack;

  /**
   * What engines depend on besides the model.
   *
   * @param tensorFlow its version
   * @param tensorRt its version, as 8601
   * @param driver its version
   * @param devices the GPUs' names and compute capabilities, by index
   */
  record Stack(String tensorFlow, String tensorRt, String driver, List<String> devices) {

    static Stack ofThisProcess() {
      String tensorRt = String.valueOf(new LibraryReport().tensorRtVersion().orElse(0));
      String version = tensorflow.TF_Version().getString();
      return CudaDriver.find()
          .map(
              driver ->
                  new Stack(
                      version,
                      tensorRt,
                      driver.version() + " for CUDA " + driver.cudaVersionText(),
                      driver.devices().stream().map(CudaDriver.Device::toString).toList()))
          .orElseGet(() -> new Stack(version, tensorRt, "unknown", List.of()));
    }
  }

  /** Engines of one model on one GPU. */
  record Shelf(EngineCache cache, EngineKey key) {}

  EngineStore(Path directory, Stack stack) {
    this.cache = new EngineCache(directory);
    this.stack = stack;
  }

  /**
   * @throws IOException if the model's files cannot be read
   */
  Shelf of(ModelSpec spec, TensorRtOptions options, Padding sizes, int gpu) throws IOException {
    Map<String, String> parts = new TreeMap<>();
    parts.put("model", EngineKey.digestOf(spec.source().modelPath()));
    parts.put("parameters", new TreeMap<>(spec.source().parameters()).toString());
    parts.put("inputs", texts(spec.inputs()));
    parts.put("outputs", texts(spec.outputs()));
    parts.put("batch sizes", sizes.sizes().toString());
    parts.put("tensorrt accelerator", options.toString());
    parts.put("graph level", spec.graphOptimizationLevel().toString());
    parts.put("gpu", gpu < stack.devices().size() ? stack.devices().get(gpu) : "unknown " + gpu);
    parts.put("driver", stack.driver());
    parts.put("TensorFlow", stack.tensorFlow());
    parts.put("TensorRT", stack.tensorRt());
    parts.replaceAll((name, text) -> text.replace('\n', ' '));
    return new Shelf(cache, new EngineKey(parts));
  }

  private static String texts(List<TensorSpec> tensors) {
    return tensors.stream().map(TensorSpec::toString).collect(Collectors.joining(", "));
  }
}
