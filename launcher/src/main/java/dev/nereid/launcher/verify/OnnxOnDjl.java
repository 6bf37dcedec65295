package dev.nereid.launcher.verify;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The ladder's ONNX model on a GPU by DJL's TensorRT engine, in FP16. */
final class OnnxOnDjl {

  static final String NAME = "resnet50_tensorrt_djl_fp16";

  private OnnxOnDjl() {}

  /**
   * @param model of the repository, whose file it is
   */
  static void write(Path repository, String model) throws IOException {
    Path folder = repository.resolve(NAME);
    Path file = Files.createDirectories(folder.resolve("1")).resolve("model.onnx");
    if (!Files.exists(file)) {
      Files.createLink(file, repository.resolve(model).resolve("1").resolve("model.onnx"));
    }
    Files.writeString(
        folder.resolve("config.pbtxt"),
        """
        name: "resnet50_tensorrt_djl_fp16"
        backend: "tensorrt"
        default_model_filename: "model.onnx"
        max_batch_size: 64
        input [ { name: "input" data_type: TYPE_FP32 format: FORMAT_NHWC dims: [ 224, 224, 3 ] } ]
        output [ { name: "probabilities" data_type: TYPE_FP32 dims: [ 1000 ] } ]
        dynamic_batching { preferred_batch_size: [ 64 ] max_queue_delay_microseconds: 20000 }
        instance_group [ { kind: KIND_GPU count: 2 } ]
        parameters { key: "runtime" value { string_value: "djl" } }
        parameters { key: "precision_mode" value { string_value: "FP16" } }
        parameters { key: "allowed_batch_sizes" value { string_value: "1,64" } }
        """);
  }
}
