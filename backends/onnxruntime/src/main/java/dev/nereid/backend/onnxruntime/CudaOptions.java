package dev.nereid.backend.onnxruntime;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.Parameters;
import java.util.Map;

/**
 * Options of the engine's CUDA provider: {@code gpu_execution_accelerator} {@code cuda}, whose
 * parameters are the provider's own names, and Triton's older spelling of four of them among a
 * model's {@code parameters}.
 */
final class CudaOptions {

  static final String ACCELERATOR = "cuda";

  private static final String[] SEARCHES = {"EXHAUSTIVE", "HEURISTIC", "DEFAULT"};
  private static final String[] STRATEGIES = {"kNextPowerOfTwo", "kSameAsRequested"};

  private static final String[] FLAGS = {
    "cudnn_conv_use_max_workspace",
    "cudnn_conv1d_pad_to_nc1d",
    "do_copy_in_default_stream",
    "enable_cudnn",
    "enable_skip_layer_norm_strict_mode",
    "fuse_conv_bias",
    "prefer_nhwc",
    "tunable_op_enable",
    "tunable_op_tuning_enable",
    "use_ep_level_unified_stream",
    "use_tf32"
  };

  private CudaOptions() {}

  /** Of the accelerator; refuses a name that the provider does not have. */
  static Map<String, String> of(ModelSpec.Accelerator accelerator) throws BackendException {
    Parameters parameters = Parameters.ofAccelerator(accelerator);
    ProviderOptions options = new ProviderOptions(parameters);
    for (String flag : FLAGS) {
      options.flag(flag, flag);
    }
    options.word("arena_extend_strategy", "arena_extend_strategy", STRATEGIES);
    options.word("cudnn_conv_algo_search", "cudnn_conv_algo_search", SEARCHES);
    options.bytes("gpu_mem_limit", "gpu_mem_limit");
    options.integer("sdpa_kernel", "sdpa_kernel");
    options.integer("tunable_op_max_tuning_duration_ms", "tunable_op_max_tuning_duration_ms");
    options.refuse("instance_group.gpus says it", "device_id");
    options.refuse(
        "it is an address in the server's own memory",
        "user_compute_stream",
        "gpu_external_alloc",
        "gpu_external_free",
        "gpu_external_empty_cache");
    options.refuseYes("the engine makes its own streams", "has_user_compute_stream");
    options.refuseYes(
        "a graph is recorded with the addresses of its tensors, which change with each batch here:"
            + " the engine's Java API binds none",
        "enable_cuda_graph");
    parameters.refuseOthers();
    return options.options();
  }

  /** Of the model's parameters, in Triton's older spelling; leaves all others there. */
  static Map<String, String> deprecated(Parameters model) throws BackendException {
    ProviderOptions options = new ProviderOptions(model);
    options.numbered("cudnn_conv_algo_search", "cudnn_conv_algo_search", SEARCHES);
    options.bytes("gpu_mem_limit", "gpu_mem_limit");
    options.numbered("arena_extend_strategy", "arena_extend_strategy", STRATEGIES);
    options.flag("do_copy_in_default_stream", "do_copy_in_default_stream");
    return options.options();
  }
}
