package dev.nereid.backend.tensorrt;

import dev.nereid.backend.TensorSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.tensorrt.global.nvinfer;
import org.bytedeco.tensorrt.global.nvinfer.BuilderFlag;
import org.bytedeco.tensorrt.global.nvinfer.MemoryPoolType;
import org.bytedeco.tensorrt.global.nvinfer.OptProfileSelector;
import org.bytedeco.tensorrt.global.nvinfer.ProfilingVerbosity;
import org.bytedeco.tensorrt.global.nvonnxparser;
import org.bytedeco.tensorrt.nvinfer.Dims64;
import org.bytedeco.tensorrt.nvinfer.IBuilder;
import org.bytedeco.tensorrt.nvinfer.IBuilderConfig;
import org.bytedeco.tensorrt.nvinfer.IHostMemory;
import org.bytedeco.tensorrt.nvinfer.ILogger;
import org.bytedeco.tensorrt.nvinfer.INetworkDefinition;
import org.bytedeco.tensorrt.nvinfer.IOptimizationProfile;
import org.bytedeco.tensorrt.nvinfer.ITimingCache;
import org.bytedeco.tensorrt.nvonnxparser.IParser;
import org.bytedeco.tensorrt.nvonnxparser.IParserError;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Builds a plan out of an ONNX file, for this thread's GPU. Everything of TensorRT's that takes
 * part is gone when {@link #build} returns.
 */
final class EngineBuilder {

  private static final Logger log = LoggerFactory.getLogger(EngineBuilder.class);

  private final TensorRt tensorRt;
  private final Path file;
  private final EngineKey key;

  EngineBuilder(TensorRt tensorRt, Path file, EngineKey key) {
    this.tensorRt = tensorRt;
    this.file = file;
    this.key = key;
  }

  /**
   * What a build leaves.
   *
   * @param plan to be closed by the caller
   * @param timings what was measured of kernels; empty where none were wanted
   */
  record Built(NativeBytes plan, Optional<NativeBytes> timings) implements AutoCloseable {
    @Override
    public void close() {
      plan.close();
      timings.ifPresent(NativeBytes::close);
    }
  }

  /**
   * Builds, which takes from seconds to minutes.
   *
   * @param timings of earlier builds on such a GPU; with none given, none are returned if {@code
   *     keepTimings} is false
   */
  Built build(Optional<NativeBytes> timings, boolean keepTimings)
      throws TensorRtException, CudaException {
    Cuda.checkDevice();
    try (EngineLog.Errors errors = tensorRt.log().listen();
        Owned owned = new Owned()) {
      IBuilder builder = nvinfer.createInferBuilder(tensorRt.nativeLog());
      if (errors.any() || Engine.isNull(builder)) {
        throw errors.failure("TensorRT's builder does not start");
      }
      owned.object(builder);
      warnOfSlowPrecision();
      // Explicit batch dimension, which is all that TensorRT 10 has.
      INetworkDefinition network = owned.object(builder.createNetworkV2(0));
      parse(network, owned, errors);
      IBuilderConfig config = owned.object(builder.createBuilderConfig());
      configure(config);
      addProfiles(builder, config, errors);
      if (keepTimings) {
        useTimings(config, timings, owned);
      }
      IHostMemory plan = builder.buildSerializedNetwork(network, config);
      if (Engine.isNull(plan)) {
        throw errors.failure("TensorRT cannot build an engine of " + file);
      }
      owned.object(plan);
      return new Built(
          NativeBytes.copyOf(plan.data().address(), plan.size()),
          keepTimings ? timings(config) : Optional.empty());
    }
  }

  private void warnOfSlowPrecision() {
    Precision precision = key.options().precision();
    if (!key.gpu().isFasterIn(precision)) {
      log.warn("{} has no units of its own for {}, which may gain nothing", key.gpu(), precision);
    }
  }

  private void parse(INetworkDefinition network, Owned owned, EngineLog.Errors errors)
      throws TensorRtException {
    IParser parser = nvonnxparser.createParser(network, tensorRt.nativeLog());
    if (Engine.isNull(parser)) {
      throw errors.failure("TensorRT's ONNX parser does not start");
    }
    // Its weights are the network's, so it stays until the build is over.
    owned.parser(parser);
    if (parser.parseFromFile(file.toString(), ILogger.Severity.kWARNING.value)) {
      return;
    }
    List<String> reasons = new ArrayList<>();
    for (int i = 0; i < parser.getNbErrors(); i++) {
      IParserError error = parser.getError(i);
      reasons.add(
          "node %d '%s' (%s): %s"
              .formatted(error.node(), error.nodeName(), error.nodeOperator(), error.desc()));
    }
    if (reasons.isEmpty()) {
      throw errors.failure("TensorRT cannot read " + file);
    }
    throw new TensorRtException("TensorRT cannot read " + file + ": " + String.join("; ", reasons));
  }

  private void configure(IBuilderConfig config) {
    BuildOptions options = key.options();
    if (options.maxWorkspaceSizeBytes() > 0) {
      config.setMemoryPoolLimit(MemoryPoolType.kWORKSPACE, options.maxWorkspaceSizeBytes());
    }
    config.setBuilderOptimizationLevel(options.optimizationLevel());
    // So that the plan can say what its layers compute in.
    config.setProfilingVerbosity(ProfilingVerbosity.kDETAILED);
    switch (options.precision()) {
      case FP32 -> config.clearFlag(BuilderFlag.kTF32);
      case TF32 -> config.setFlag(BuilderFlag.kTF32);
      case FP16 -> {
        config.setFlag(BuilderFlag.kTF32);
        config.setFlag(BuilderFlag.kFP16);
      }
      case INT8 -> {
        config.setFlag(BuilderFlag.kTF32);
        config.setFlag(BuilderFlag.kFP16);
        config.setFlag(BuilderFlag.kINT8);
      }
    }
  }

  private void addProfiles(IBuilder builder, IBuilderConfig config, EngineLog.Errors errors)
      throws TensorRtException {
    for (int i = 0; i < key.profiles(); i++) {
      // The builder's, which frees it.
      IOptimizationProfile profile = builder.createOptimizationProfile();
      for (int k = 0; k < key.inputs().size(); k++) {
        TensorSpec input = key.inputs().get(k);
        ShapeRange range = key.profile().inputs().get(k);
        boolean set =
            set(profile, input.name(), OptProfileSelector.kMIN, range.min())
                && set(profile, input.name(), OptProfileSelector.kOPT, range.opt())
                && set(profile, input.name(), OptProfileSelector.kMAX, range.max());
        if (!set) {
          throw errors.failure(
              "TensorRT refuses shapes " + range + " of input '" + input.name() + "'");
        }
      }
      if (config.addOptimizationProfile(profile) < 0) {
        throw errors.failure("TensorRT refuses the profile " + key.profile());
      }
    }
  }

  private static boolean set(
      IOptimizationProfile profile, String input, OptProfileSelector selector, long[] shape) {
    try (Dims64 dims = dims(shape)) {
      return profile.setDimensions(input, selector, dims);
    }
  }

  /** To be closed by the caller. */
  static Dims64 dims(long... shape) {
    Dims64 dims = new Dims64();
    dims.nbDims(shape.length);
    for (int i = 0; i < shape.length; i++) {
      dims.d(i, shape[i]);
    }
    return dims;
  }

  private void useTimings(IBuilderConfig config, Optional<NativeBytes> timings, Owned owned) {
    ITimingCache cache = null;
    if (timings.isPresent()) {
      cache =
          config.createTimingCache(new Address(timings.get().address()), timings.get().byteSize());
    }
    if (Engine.isNull(cache)) {
      cache = config.createTimingCache(new Address(0), 0);
    }
    if (cache == null || cache.isNull()) {
      log.warn("TensorRT makes no timing cache; the build measures every kernel");
      return;
    }
    owned.object(cache);
    if (!config.setTimingCache(cache, false)) {
      log.warn("TensorRT does not take its own timing cache; the build measures every kernel");
    }
  }

  private static Optional<NativeBytes> timings(IBuilderConfig config) {
    ITimingCache cache = config.getTimingCache();
    if (Engine.isNull(cache)) {
      return Optional.empty();
    }
    try (Owned mine = new Owned()) {
      IHostMemory bytes = cache.serialize();
      if (Engine.isNull(bytes)) {
        return Optional.empty();
      }
      mine.object(bytes);
      Pointer data = bytes.data();
      return bytes.size() == 0
          ? Optional.empty()
          : Optional.of(NativeBytes.copyOf(data.address(), bytes.size()));
    }
  }
}
