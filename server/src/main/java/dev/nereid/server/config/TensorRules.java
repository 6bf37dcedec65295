package dev.nereid.server.config;

import dev.nereid.protocol.DataType;
import dev.nereid.protocol.ModelConfig;
import dev.nereid.protocol.ModelInput;
import dev.nereid.protocol.ModelOutput;
import dev.nereid.tensor.Shapes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What a complete list of inputs and outputs may say. The texts are Triton's, but for names that
 * are listed twice, which it does not notice.
 */
final class TensorRules {

  private TensorRules() {}

  /** Checks every input, then every output. */
  static void check(ConfigText text, ModelConfig.Builder config) throws ConfigException {
    boolean tensorRt = ModelFormat.isTensorRtPlan(config);
    Set<String> names = new HashSet<>();
    for (int i = 0; i < config.getInputCount(); i++) {
      ModelInput input = config.getInput(i);
      check(config, "model input ", DeclaredTensor.of(input));
      boolean image = input.getFormat() != ModelInput.Format.FORMAT_NONE;
      if (image && input.getDimsCount() != 3) {
        throw fail(config, "model input NHWC/NCHW require 3 dims");
      }
      if (input.getIsShapeTensor()) {
        throw shapeTensor(text, config, tensorRt, "input", i);
      }
      if (input.getIsNonLinearFormatIo()) {
        throw nonLinear(text, config, tensorRt, "input", i);
      }
      if (!names.add(input.getName())) {
        throw text.refuse(input.getName(), "a name listed once", "input", i, "name");
      }
    }
    names.clear();
    for (int i = 0; i < config.getOutputCount(); i++) {
      ModelOutput output = config.getOutput(i);
      check(config, "model output ", DeclaredTensor.of(output));
      if (output.getIsShapeTensor()) {
        throw shapeTensor(text, config, tensorRt, "output", i);
      }
      if (output.getIsNonLinearFormatIo()) {
        throw nonLinear(text, config, tensorRt, "output", i);
      }
      if (!names.add(output.getName())) {
        throw text.refuse(output.getName(), "a name listed once", "output", i, "name");
      }
    }
  }

  private static ConfigException shapeTensor(
      ConfigText text, ModelConfig.Builder config, boolean tensorRt, String list, int index) {
    return tensorRt
        ? text.refuse(true, "false; not supported yet", list, index, "is_shape_tensor")
        : fail(config, "shape tensors are only supported for TensorRT platform");
  }

  private static ConfigException nonLinear(
      ConfigText text, ModelConfig.Builder config, boolean tensorRt, String list, int index) {
    return tensorRt
        ? text.refuse(true, "false; not supported yet", list, index, "is_non_linear_format_io")
        : fail(config, "Non-linear IO format is only supported for the TensorRT platform");
  }

  private static void check(ModelConfig.Builder config, String what, DeclaredTensor tensor)
      throws ConfigException {
    if (tensor.name().isEmpty()) {
      throw fail(config, what + "must specify 'name'");
    }
    String named = what + "'" + tensor.name() + "' ";
    if (tensor.type() == DataType.TYPE_INVALID) {
      throw fail(config, named + "must specify 'data_type'");
    }
    if (tensor.dims().isEmpty()) {
      throw fail(config, named + "must specify 'dims'");
    }
    if (tensor.reshape().filter(List::isEmpty).isPresent() && config.getMaxBatchSize() == 0) {
      throw fail(
          config,
          named
              + "cannot have empty reshape for non-batching model as scalar tensors are not"
              + " supported");
    }
    if (!areDimensions(tensor.dims())) {
      throw fail(
          config,
          named + "dimension must be integer >= 1, or -1 to indicate a variable-size dimension");
    }
    List<Long> counts = elementsBetweenVariables(config, named, tensor.dims());
    if (tensor.reshape().isPresent()) {
      List<Long> reshape = tensor.reshape().get();
      if (!areDimensions(reshape)) {
        throw fail(
            config,
            named
                + "reshape dimensions must be integer >= 1, or -1 to indicate a variable-size"
                + " dimension");
      }
      checkReshape(config, named, counts, elementsBetweenVariables(config, named, reshape));
    }
  }

  private static boolean areDimensions(List<Long> dims) {
    return dims.stream().allMatch(d -> d >= 1 || d == Shapes.VARIABLE);
  }

  /**
   * A reshape has the elements that the dims have: as many between one dimension that varies and
   * the next, so that {@code [2,4,-1,6]} may become {@code [8,-1,1,6]}.
   */
  private static void checkReshape(
      ModelConfig.Builder config, String named, List<Long> from, List<Long> to)
      throws ConfigException {
    if ((from.size() == 1) != (to.size() == 1)) {
      throw fail(config, named + "has different size for dims and reshape");
    }
    if (from.size() != to.size()) {
      throw fail(
          config, named + "has different number of variable-size dimensions for dims and reshape");
    }
    if (!from.equals(to)) {
      throw fail(config, named + "has different size for dims and reshape");
    }
  }

  private static List<Long> elementsBetweenVariables(
      ModelConfig.Builder config, String named, List<Long> dims) throws ConfigException {
    List<Long> counts = new ArrayList<>();
    long count = 1;
    for (long dim : dims) {
      if (dim == Shapes.VARIABLE) {
        counts.add(count);
        count = 1;
      } else if (dim > Long.MAX_VALUE / count) {
        throw fail(config, named + "has more than 2^63-1 elements");
      } else {
        count *= dim;
      }
    }
    counts.add(count);
    return counts;
  }

  private static ConfigException fail(ModelConfig.Builder config, String message) {
    return new ConfigException(message + " for " + config.getName());
  }
}
