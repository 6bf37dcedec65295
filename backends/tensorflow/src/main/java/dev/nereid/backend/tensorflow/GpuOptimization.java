package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.Parameters;
import java.util.Optional;

/**
 * What a config asks of TensorFlow's graph optimiser on GPUs: {@code
 * optimization.execution_accelerators.gpu_execution_accelerator}, under Triton's names.
 *
 * @param tensorRt where the accelerator of that name is listed
 * @param mixedPrecision {@code auto_mixed_precision}: operators that can, compute in half precision
 */
record GpuOptimization(Optional<TensorRtOptions> tensorRt, boolean mixedPrecision) {

  private static final String TENSORRT = "tensorrt";
  private static final String MIXED_PRECISION = "auto_mixed_precision";
  private static final String GPU_IO = "gpu_io";

  /** Nothing asked for. */
  static final GpuOptimization NONE = new GpuOptimization(Optional.empty(), false);

  /**
   * @throws BackendException for an accelerator that is unknown, or for a CPU; for one of a GPU
   *     where no instance is on one; and for a pair that excludes itself
   */
  static GpuOptimization parse(ModelSpec spec) throws BackendException {
    boolean onGpu = spec.instances().stream().anyMatch(x -> x.kind() == InstanceKind.GPU);
    Optional<TensorRtOptions> tensorRt = Optional.empty();
    boolean mixedPrecision = false;
    for (ModelSpec.Accelerator accelerator : spec.accelerators()) {
      String name = accelerator.name();
      if (accelerator.kind() != InstanceKind.GPU) {
        throw refusal(name, "none for a CPU, on which TensorFlow has no accelerator");
      }
      if (name.equals(GPU_IO)) {
        throw refusal(
            name,
            "tensorrt or auto_mixed_precision; TensorFlow's C API takes no tensor that is on a GPU,"
                + " so inputs go there from page-locked memory");
      }
      if (!name.equals(TENSORRT) && !name.equals(MIXED_PRECISION)) {
        throw refusal(name, "tensorrt or auto_mixed_precision");
      }
      if (!onGpu) {
        throw refusal(name, "none, since no instance of the model is on a GPU");
      }
      if (name.equals(TENSORRT)) {
        tensorRt = Optional.of(TensorRtOptions.parse(accelerator));
      } else {
        Parameters.ofAccelerator(accelerator).refuseOthers();
        mixedPrecision = true;
      }
    }
    if (tensorRt.isPresent() && mixedPrecision) {
      throw refusal(
          MIXED_PRECISION, "not beside tensorrt, whose precision_mode says how to compute");
    }
    return new GpuOptimization(tensorRt, mixedPrecision);
  }

  private static BackendException refusal(String name, String rule) {
    return BackendException.ofField(
        "optimization.execution_accelerators: " + name + " (expected: " + rule + ")",
        "optimization",
        "execution_accelerators");
  }
}
