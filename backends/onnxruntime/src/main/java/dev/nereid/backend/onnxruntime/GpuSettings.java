package dev.nereid.backend.onnxruntime;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.Parameters;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a model's config.pbtxt says about its sessions on GPUs.
 *
 * @param cuda options of the CUDA provider, which every session on a GPU has
 * @param tensorRt options of the TensorRT provider, which comes before it where it is asked for
 */
record GpuSettings(Map<String, String> cuda, Optional<TensorRtOptions> tensorRt) {

  /** What a config without any of it asks for. */
  static final GpuSettings DEFAULT = new GpuSettings(Map.of(), Optional.empty());

  private static final Set<String> OURS =
      Set.of(TensorRtOptions.ACCELERATOR, CudaOptions.ACCELERATOR);
  private static final String OPENVINO = "openvino";

  GpuSettings {
    cuda = Map.copyOf(cuda);
  }

  /**
   * @param parameters the model's; asked for those that are about GPUs
   * @throws BackendException for an accelerator that is not there, an option that its provider does
   *     not have, and for any of it where no instance runs on a GPU, since it would do nothing
   */
  static GpuSettings parse(ModelSpec spec, Parameters parameters) throws BackendException {
    boolean onGpu =
        spec.instances().stream().anyMatch(instance -> instance.kind() == InstanceKind.GPU);
    Map<String, String> older = CudaOptions.deprecated(parameters);
    if (!onGpu && !older.isEmpty()) {
      String name = older.keySet().iterator().next();
      throw parameters.refusal(name, "not set, since no instance of the model runs on a GPU");
    }
    Map<String, String> cuda = new TreeMap<>();
    Optional<TensorRtOptions> tensorRt = Optional.empty();
    Set<String> seen = new HashSet<>();
    for (ModelSpec.Accelerator accelerator : spec.accelerators()) {
      refuseWhatIsNotThere(accelerator, onGpu);
      if (!seen.add(accelerator.name())) {
        throw refused(accelerator.name() + " (expected: once)");
      }
      if (accelerator.name().equals(CudaOptions.ACCELERATOR)) {
        cuda.putAll(CudaOptions.of(accelerator));
      } else {
        tensorRt = Optional.of(TensorRtOptions.of(accelerator));
      }
    }
    for (Map.Entry<String, String> option : older.entrySet()) {
      if (cuda.putIfAbsent(option.getKey(), option.getValue()) != null) {
        throw parameters.refusal(
            option.getKey(), "not set, since the accelerator 'cuda' says it too");
      }
    }
    return new GpuSettings(cuda, tensorRt);
  }

  private static void refuseWhatIsNotThere(ModelSpec.Accelerator accelerator, boolean onGpu)
      throws BackendException {
    String name = accelerator.name();
    if (OPENVINO.equals(name)) {
      throw refused(name + " (expected: none, since this ONNX Runtime is built without OpenVINO)");
    }
    if (!OURS.contains(name)) {
      throw refused("unknown Execution Accelerator '" + name + "' is requested", "");
    }
    if (accelerator.kind() != InstanceKind.GPU) {
      throw refused(name + " (expected: none, since it stands in gpu_execution_accelerator)");
    }
    if (!onGpu) {
      throw refused(name + " (expected: none, since no instance of the model runs on a GPU)");
    }
  }

  private static BackendException refused(String what) {
    return refused(what, "optimization.execution_accelerators: ");
  }

  private static BackendException refused(String what, String before) {
    return BackendException.ofField(before + what, "optimization", "execution_accelerators");
  }
}
