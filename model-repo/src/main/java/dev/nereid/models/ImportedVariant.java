package dev.nereid.models;

import java.util.List;

/**
 * One of the models that are made around a user's own.
 *
 * @param suffix behind the name
 * @param file which of the user's files it has
 * @param comment for whoever reads its configuration
 * @param engine the configuration's lines that pick one
 * @param kind of device
 * @param options the configuration's last lines
 */
record ImportedVariant(
    String suffix,
    File file,
    String comment,
    String engine,
    int maxBatchSize,
    String kind,
    int instances,
    String options) {

  /** The user's model, or what is made of it. */
  enum File {
    ORIGINAL,
    INT8,
    INT8_OF_PIXELS
  }

  private static final String TENSORFLOW = "platform: \"tensorflow_savedmodel\"";
  private static final String TENSORRT =
      "backend: \"tensorrt\"\ndefault_model_filename: \"model.onnx\"";

  /** Around a SavedModel: the tutorial's five. */
  static final List<ImportedVariant> OF_SAVED_MODEL =
      List.of(
          new ImportedVariant(
              "_original",
              File.ORIGINAL,
              "The SavedModel as it is, on a GPU where there is one.",
              TENSORFLOW,
              64,
              "AUTO",
              1,
              ""),
          tfTrt("_tftrt_fp32", File.ORIGINAL, "FP32", 64, 1),
          tfTrt("_tftrt_fp16", File.ORIGINAL, "FP16", 64, 1),
          tfTrt("_tftrt_int8", File.INT8, "INT8", 64, 1),
          tfTrt("_tftrt_int8_bs16_count4", File.INT8, "INT8", 16, 4));

  /** Around an ONNX file: as it is, and by TensorRT. */
  static final List<ImportedVariant> OF_ONNX =
      List.of(
          new ImportedVariant(
              "_onnx",
              File.ORIGINAL,
              "The ONNX file as it is, on a GPU where there is one.",
              "platform: \"onnxruntime_onnx\"",
              8,
              "AUTO",
              1,
              ""),
          tensorRt("_tensorrt_fp16", File.ORIGINAL, "FP16", 64),
          tensorRt("_tensorrt_int8", File.INT8, "INT8", 64),
          tensorRt("_tensorrt_int8_tuned", File.INT8_OF_PIXELS, "INT8", 128));

  private static ImportedVariant tfTrt(
      String suffix, File file, String precision, int maxBatchSize, int instances) {
    return new ImportedVariant(
        suffix,
        file,
        "The SavedModel with its layers run by TensorRT in " + precision + "; needs a GPU.",
        TENSORFLOW,
        maxBatchSize,
        "GPU",
        instances,
        """
        optimization {
          execution_accelerators {
            gpu_execution_accelerator [
              { name: "tensorrt" parameters { key: "precision_mode" value: "%s" } }
            ]
          }
        }
        """
            .formatted(precision));
  }

  private static ImportedVariant tensorRt(
      String suffix, File file, String precision, int maxBatchSize) {
    return new ImportedVariant(
        suffix,
        file,
        "The ONNX file run by TensorRT in "
            + precision
            + (file == File.INT8_OF_PIXELS ? ", given pixels of 8 bits" : "")
            + "; needs a GPU.",
        TENSORRT,
        maxBatchSize,
        "GPU",
        2,
        "parameters { key: \"precision_mode\" value: { string_value: \"" + precision + "\" } }\n");
  }
}
