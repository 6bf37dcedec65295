package dev.nereid.launcher.verify;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** The ladder's ONNX model, on a GPU by one of ONNX Runtime's two providers. */
enum OnnxOnGpu {
  CUDA("resnet50_onnx_cuda", "prefer_nhwc", "1"),
  TENSORRT("resnet50_onnx_tensorrt_fp16", "precision_mode", "FP16");

  private final String model;
  private final String parameter;
  private final String value;

  OnnxOnGpu(String model, String parameter, String value) {
    this.model = model;
    this.parameter = parameter;
    this.value = value;
  }

  /** The model's name. */
  String model() {
    return model;
  }

  /**
   * @param source a model of the repository, whose file it is
   */
  void write(Path repository, String source) throws IOException {
    Path folder = repository.resolve(model);
    Path file = Files.createDirectories(folder.resolve("1")).resolve("model.onnx");
    if (!Files.exists(file)) {
      Files.createLink(file, repository.resolve(source).resolve("1").resolve("model.onnx"));
    }
    Files.writeString(
        folder.resolve("config.pbtxt"),
        """
        name: "%s"
        backend: "onnxruntime"
        max_batch_size: 64
        input [ { name: "input" data_type: TYPE_FP32 format: FORMAT_NHWC dims: [ 224, 224, 3 ] } ]
        output [ { name: "probabilities" data_type: TYPE_FP32 dims: [ 1000 ] } ]
        dynamic_batching { preferred_batch_size: [ 64 ] max_queue_delay_microseconds: 20000 }
        instance_group [ { kind: KIND_GPU count: 2 } ]
        optimization {
          execution_accelerators {
            gpu_execution_accelerator [ { name: "%s" parameters { key: "%s" value: "%s" } } ]
          }
        }
        """
            .formatted(model, name().toLowerCase(Locale.ROOT), parameter, value));
  }
}
