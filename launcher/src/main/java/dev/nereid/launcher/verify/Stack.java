package dev.nereid.launcher.verify;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** The engines that one process may hold on a GPU, and the models that show each of them. */
enum Stack {
  TFTRT("tensorflow"),
  TRT10("tensorrt"),
  ORT_GPU("onnxruntime");

  private final String backend;

  Stack(String backend) {
    this.backend = backend;
  }

  /**
   * How near its answers must be, as the correlation of two rows of probabilities, whose size alone
   * says little where weights are random: to those of FP32 on the CPU, and to its own in a batch of
   * another size. That may be an engine of its own, with other kernels whose sums are rounded
   * otherwise; 0.9988 was seen of two by FP16.
   */
  enum Precision {
    /** TF32 is FP32's range with ten bits of fraction. */
    FP32(0.999, 0.999),
    FP16(0.99, 0.99),
    INT8(0.85, 0.98);

    final double leastCorrelation;
    final double leastOfBatches;

    Precision(double leastCorrelation, double leastOfBatches) {
      this.leastCorrelation = leastCorrelation;
      this.leastOfBatches = leastOfBatches;
    }
  }

  /**
   * A model that runs on a GPU.
   *
   * @param backend that runs it
   */
  record GpuModel(String name, Precision precision, String backend) {}

  /**
   * By the name that {@code --gpu-stack} takes.
   *
   * @throws IllegalArgumentException if there is none of that name
   */
  static Stack of(String name) {
    for (Stack stack : values()) {
      if (stack.title().equals(name)) {
        return stack;
      }
    }
    throw new IllegalArgumentException(
        "gpu-stack: '"
            + name
            + "' (expected: one of "
            + Arrays.stream(values()).map(Stack::title).collect(Collectors.joining(", "))
            + ")");
  }

  String title() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Of most models here. */
  String backend() {
    return backend;
  }

  /** Of all models here. */
  Set<String> backends() {
    return models().stream()
        .map(GpuModel::backend)
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  private GpuModel model(String name, Precision precision) {
    return new GpuModel(name, precision, backend);
  }

  List<GpuModel> models() {
    return switch (this) {
      case TFTRT ->
          List.of(
              model("resnet50_original", Precision.FP32),
              model("resnet50_tftrt_fp32", Precision.FP32),
              model("resnet50_tftrt_fp16", Precision.FP16),
              model("resnet50_tftrt_int8", Precision.INT8),
              new GpuModel(OnnxOnGpu.DJL.model(), Precision.FP16, OnnxOnGpu.DJL.backend()),
              model("resnet50_tftrt_int8_bs16_count4", Precision.INT8));
      case TRT10 ->
          List.of(
              model("resnet50_tensorrt_fp16", Precision.FP16),
              model("resnet50_tensorrt_int8", Precision.INT8),
              model("resnet50_tensorrt_int8_tuned", Precision.INT8));
      case ORT_GPU ->
          List.of(
              model(OnnxOnGpu.CUDA.model(), Precision.FP32),
              model(OnnxOnGpu.TENSORRT.model(), Precision.FP16));
    };
  }
}
