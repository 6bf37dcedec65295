package dev.nereid.backend.onnxruntime;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.Parameters;
import java.util.Map;
import java.util.Optional;

/**
 * Options of the engine's TensorRT provider: {@code gpu_execution_accelerator} {@code tensorrt},
 * with Triton's names for the precision, the workspace and calibration, and the provider's own for
 * the rest.
 *
 * @param options by the provider's names, without the device
 */
record TensorRtOptions(Map<String, String> options) {

  static final String ACCELERATOR = "tensorrt";

  static final String BF16 = "trt_bf16_enable";
  static final String CACHE_ENABLE = "trt_engine_cache_enable";
  static final String CACHE_PATH = "trt_engine_cache_path";
  static final String CALIBRATION_TABLE = "trt_int8_calibration_table_name";
  static final String PROFILE_MIN = "trt_profile_min_shapes";
  static final String PROFILE_OPT = "trt_profile_opt_shapes";
  static final String PROFILE_MAX = "trt_profile_max_shapes";
  static final String TIMING_CACHE_ENABLE = "trt_timing_cache_enable";
  static final String TIMING_CACHE_PATH = "trt_timing_cache_path";

  /** What TensorRT may choose for a layer beside FP32. */
  private static final Map<String, String> PRECISIONS =
      Map.of("FP32", "", "FP16", "trt_fp16_enable", "BF16", BF16, "INT8", "trt_int8_enable");

  private static final String[] FLAGS = {
    CACHE_ENABLE,
    TIMING_CACHE_ENABLE,
    "trt_build_heuristics_enable",
    "trt_context_memory_sharing_enable",
    "trt_detailed_build_log",
    "trt_dla_enable",
    "trt_dump_ep_context_model",
    "trt_dump_subgraphs",
    "trt_engine_hw_compatible",
    "trt_force_sequential_engine_build",
    "trt_force_timing_cache",
    "trt_layer_norm_fp32_fallback",
    "trt_sparsity_enable"
  };

  private static final String[] INTEGERS = {
    "trt_auxiliary_streams",
    "trt_builder_optimization_level",
    "trt_dla_core",
    "trt_ep_context_embed_mode",
    "trt_max_partition_iterations",
    "trt_min_subgraph_size"
  };

  private static final String[] TEXTS = {
    CACHE_PATH,
    TIMING_CACHE_PATH,
    PROFILE_MIN,
    PROFILE_OPT,
    PROFILE_MAX,
    "trt_engine_cache_prefix",
    "trt_ep_context_file_path",
    "trt_extra_plugin_lib_paths",
    "trt_op_types_to_exclude",
    "trt_preview_features",
    "trt_tactic_sources"
  };

  TensorRtOptions {
    options = Map.copyOf(options);
  }

  /** Refuses a name that the provider does not have. */
  static TensorRtOptions of(ModelSpec.Accelerator accelerator) throws BackendException {
    Parameters parameters = Parameters.ofAccelerator(accelerator);
    ProviderOptions options = new ProviderOptions(parameters);
    options.turnOn("precision_mode", PRECISIONS);
    options.bytes("max_workspace_size_bytes", "trt_max_workspace_size");
    options.text("int8_calibration_table_name", CALIBRATION_TABLE);
    options.flag("int8_use_native_calibration_table", "trt_int8_use_native_calibration_table");
    for (String flag : FLAGS) {
      options.flag(flag, flag);
    }
    for (String integer : INTEGERS) {
      options.integer(integer, integer);
    }
    for (String text : TEXTS) {
      options.text(text, text);
    }
    options.refuseYes(
        "a graph is recorded with the addresses of its tensors, which change with each batch here:"
            + " the engine's Java API binds none",
        "trt_cuda_graph_enable");
    parameters.refuseOthers();
    return new TensorRtOptions(options.options());
  }

  /** Whether it is said, and says yes. */
  boolean isOn(String option) {
    return "1".equals(options.get(option));
  }

  /** Whether it is said, and says no. */
  boolean isOff(String option) {
    return "0".equals(options.get(option));
  }

  Optional<String> get(String option) {
    return Optional.ofNullable(options.get(option));
  }

  /** Whether the config says for which shapes engines are built. */
  boolean hasProfiles() {
    return options.containsKey(PROFILE_MIN)
        || options.containsKey(PROFILE_OPT)
        || options.containsKey(PROFILE_MAX);
  }
}
