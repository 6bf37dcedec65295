package dev.nereid.server.config;

import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.GenericDescriptor;
import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which fields of {@code config.pbtxt} have their effect here, and which are refused since they
 * would have none. Every field of the message is in one of the two lists, itself or one that it
 * lies in.
 *
 * <p>A refused field may be written with its default value, which asks for nothing: {@code
 * response_cache { enable: false }} loads.
 */
final class FieldSupport {

  /** Fields with an effect, or whose message is looked into. Names as paths from the top. */
  static final Set<String> EFFECTIVE =
      Set.of(
          "name",
          "platform",
          "backend",
          "version_policy",
          "max_batch_size",
          "input",
          "input.name",
          "input.data_type",
          "input.format",
          "input.dims",
          "input.reshape",
          // Only for TensorRT plans; TensorRules has Triton's texts.
          "input.is_shape_tensor",
          "input.is_non_linear_format_io",
          "input.optional",
          "output",
          "output.name",
          "output.data_type",
          "output.dims",
          "output.reshape",
          "output.label_filename",
          "output.is_shape_tensor",
          "output.is_non_linear_format_io",
          "optimization",
          "optimization.graph",
          // GpuOptions: a backend that does nothing of them refuses them.
          "optimization.cuda",
          "optimization.cuda.graphs",
          "optimization.cuda.busy_wait_events",
          "optimization.cuda.graph_spec",
          "optimization.cuda.output_copy_stream",
          "optimization.eager_batching",
          "optimization.execution_accelerators",
          // About transfers to a GPU: nothing to do, and nothing lost, without one.
          "optimization.input_pinned_memory",
          "optimization.output_pinned_memory",
          "dynamic_batching",
          "instance_group",
          "instance_group.name",
          "instance_group.kind",
          "instance_group.count",
          "instance_group.gpus",
          "instance_group.passive",
          // Only for TensorRT; InstanceGroups has Triton's text.
          "instance_group.profile",
          "instance_group.host_policy",
          "instance_group.rate_limiter",
          "default_model_filename",
          "metric_tags",
          "parameters",
          "model_operations",
          "model_transaction_policy",
          "model_repository_agents",
          "response_cache",
          "model_metrics");

  /** Fields without an effect, and what is expected of them. */
  static final Map<String, String> REFUSED =
      Map.ofEntries(
          Map.entry("runtime", "not set; a backend has one runtime here"),
          Map.entry("input.allow_ragged_batch", "false; only equal shapes share a batch"),
          Map.entry("batch_input", "not set; the server computes no inputs yet"),
          Map.entry("batch_output", "not set; outputs are only cut by rows yet"),
          Map.entry("optimization.priority", "PRIORITY_DEFAULT; models share devices evenly"),
          Map.entry(
              "optimization.gather_kernel_buffer_threshold",
              "0; inputs are copied to the device from where they lie, without a kernel"),
          Map.entry(
              "sequence_batching",
              "dynamic_batching or no scheduler; sequences are not supported yet"),
          Map.entry(
              "ensemble_scheduling",
              "dynamic_batching or no scheduler; ensembles are not supported yet"),
          Map.entry("instance_group.rate_limiter.resources", "not set; rates are not limited yet"),
          Map.entry("instance_group.rate_limiter.priority", "0; rates are not limited yet"),
          Map.entry(
              "instance_group.secondary_devices",
              "not set; no backend here runs on a deep learning accelerator"),
          Map.entry("cc_model_filenames", "not set; one file serves every device"),
          Map.entry("model_warmup", "not set; warmup is not supported yet"),
          Map.entry(
              "model_operations.op_library_filename", "not set; operations cannot be added yet"),
          Map.entry(
              "model_transaction_policy.decoupled", "false; a request has exactly one answer here"),
          Map.entry("model_repository_agents.agents", "not set; agents are not supported yet"),
          Map.entry("response_cache.enable", "false; there is no response cache yet"),
          Map.entry("model_metrics.metric_control", "not set; not supported yet"));

  private FieldSupport() {}

  /**
   * @throws ConfigException naming the first field that is refused, or whose enum value is a number
   *     without a name
   */
  static void check(ConfigText text) throws ConfigException {
    check(text, text.config(), "", new ArrayList<>());
  }

  private static void check(ConfigText text, Message message, String prefix, List<Object> path)
      throws ConfigException {
    for (Map.Entry<FieldDescriptor, Object> entry : message.getAllFields().entrySet()) {
      FieldDescriptor field = entry.getKey();
      String name = prefix + field.getName();
      path.add(field.getName());
      String expected = REFUSED.get(name);
      if (expected != null) {
        throw text.refuse(shown(entry.getValue()), expected, path);
      }
      if (entry.getValue() instanceof List<?> elements) {
        for (int i = 0; i < elements.size(); i++) {
          path.add(i);
          checkValue(text, elements.get(i), name, path);
          path.remove(path.size() - 1);
        }
      } else {
        checkValue(text, entry.getValue(), name, path);
      }
      path.remove(path.size() - 1);
    }
  }

  private static void checkValue(ConfigText text, Object value, String name, List<Object> path)
      throws ConfigException {
    if (value instanceof Message message) {
      check(text, message, name + ".", path);
    } else if (value instanceof EnumValueDescriptor constant && constant.getIndex() < 0) {
      throw text.refuse(
          constant.getNumber(),
          constant.getType().getValues().stream()
              .map(GenericDescriptor::getName)
              .collect(Collectors.joining(", ", "one of ", "")),
          path);
    }
  }

  private static Object shown(Object value) {
    return value instanceof Message || value instanceof List<?> ? "set" : value;
  }
}
