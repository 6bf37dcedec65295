package dev.nereid.launcher.verify;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The CPU's ONNX model on a GPU, by an engine that {@code models build} makes no model for. */
enum OnnxOnGpu {
  CUDA(
      "resnet50_onnx_cuda",
      "onnxruntime",
      """
      optimization {
        execution_accelerators {
          gpu_execution_accelerator [ { name: "cuda" parameters { key: "prefer_nhwc" value: "1" } } ]
        }
      }
      """),
  TENSORRT(
      "resnet50_onnx_tensorrt_fp16",
      "onnxruntime",
      """
      optimization {
        execution_accelerators {
          gpu_execution_accelerator [ { name: "tensorrt" parameters { key: "precision_mode" value: "FP16" } } ]
        }
      }
      """),
  DJL(
      "resnet50_tensorrt_djl_fp16",
      "tensorrt",
      """
      default_model_filename: "model.onnx"
      parameters { key: "runtime" value { string_value: "djl" } }
      parameters { key: "precision_mode" value { string_value: "FP16" } }
      parameters { key: "allowed_batch_sizes" value { string_value: "1,64" } }
      """);

  private final String model;
  private final String backend;
  private final String configuration;

  OnnxOnGpu(String model, String backend, String configuration) {
    this.model = model;
    this.backend = backend;
    this.configuration = configuration;
  }

  /** The model's name. */
  String model() {
    return model;
  }

  String backend() {
    return backend;
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
        backend: "%s"
        max_batch_size: 64
        input [ { name: "input" data_type: TYPE_FP32 format: FORMAT_NHWC dims: [ 224, 224, 3 ] } ]
        output [ { name: "probabilities" data_type: TYPE_FP32 dims: [ 1000 ] } ]
        dynamic_batching { preferred_batch_size: [ 64 ] max_queue_delay_microseconds: 20000 }
        instance_group [ { kind: KIND_GPU count: 2 } ]
        %s"""
            .formatted(model, backend, configuration));
  }
}
