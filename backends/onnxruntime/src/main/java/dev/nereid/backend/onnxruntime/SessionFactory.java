package dev.nereid.backend.onnxruntime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.providers.OrtCUDAProviderOptions;
import ai.onnxruntime.providers.OrtTensorRTProviderOptions;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSpec;
import java.nio.file.Path;
import java.util.Map;

/**
 * Makes a model's sessions.
 *
 * <p>Which provider runs a node is the engine's choice, in the order in which they were added: one
 * on a GPU has TensorRT where the config asks for it, then CUDA, then the CPU for what is left.
 */
record SessionFactory(
    ModelSpec spec, Path model, Engine engine, BackendSettings backend, SessionSettings settings) {

  /** A session there; to be closed by the caller. Blocks while TensorRT builds engines. */
  OrtSession open(Placement place) throws BackendException {
    try {
      if (!place.isGpu()) {
        try (SessionOptions options = settings.options(backend)) {
          return create(options);
        }
      }
      Gpu gpu = engine.gpus().get(place.device());
      TensorRtOptions tensorRt = settings.gpu().tensorRt().orElse(null);
      return tensorRt == null ? onCuda(gpu) : onTensorRt(gpu, tensorRt);
    } catch (OrtException e) {
      throw OnnxRuntimeBackend.unreadable(spec.source(), e);
    }
  }

  private OrtSession create(SessionOptions options) throws OrtException {
    return engine.environment().createSession(model.toString(), options);
  }

  private OrtSession onCuda(Gpu gpu) throws OrtException {
    try (SessionOptions options = settings.options(backend)) {
      return createWithCuda(gpu, options);
    }
  }

  private OrtSession createWithCuda(Gpu gpu, SessionOptions options) throws OrtException {
    try (OrtCUDAProviderOptions cuda = new OrtCUDAProviderOptions(gpu.index())) {
      for (Map.Entry<String, String> option : settings.gpu().cuda().entrySet()) {
        cuda.add(option.getKey(), option.getValue());
      }
      options.addCUDA(cuda);
      return create(options);
    }
  }

  private OrtSession onTensorRt(Gpu gpu, TensorRtOptions asked)
      throws OrtException, BackendException {
    if (!OrtEnvironment.getAvailableProviders().contains(OrtProvider.TENSOR_RT)) {
      throw refused("tensorrt (expected: none, since this ONNX Runtime has no TensorRT provider)");
    }
    if (asked.isOn(TensorRtOptions.BF16) && !gpu.hasBf16()) {
      throw refused(
          "tensorrt with precision_mode BF16 (expected: FP32, FP16 or INT8 on GPU %s, since BF16"
                  .formatted(gpu)
              + " takes a compute capability of 8.0)");
    }
    String versions =
        "onnxruntime-%s-tensorrt-%s"
            .formatted(
                engine.environment().getVersion(), TensorRtLibrary.version(TensorRtLibrary.NAME));
    Path ofGpus = backend.engineCacheDirectory().resolve(versions).resolve(gpu.kind());
    return new TensorRtBuild(spec, model, ofGpus, asked)
        .open(
            tensorRt -> {
              try (SessionOptions options = settings.options(backend);
                  OrtTensorRTProviderOptions provider =
                      new OrtTensorRTProviderOptions(gpu.index())) {
                for (Map.Entry<String, String> option : tensorRt.entrySet()) {
                  provider.add(option.getKey(), option.getValue());
                }
                options.addTensorrt(provider);
                return createWithCuda(gpu, options);
              }
            });
  }

  private static BackendException refused(String what) {
    return BackendException.ofField(
        "optimization.execution_accelerators: " + what, "optimization", "execution_accelerators");
  }
}
