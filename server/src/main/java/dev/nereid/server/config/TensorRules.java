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

  private final ConfigText text;
  private final ModelConfig.Builder config;
  private final String list;
  private final int index;

  /** The rules for one element of the list {@code input} or {@code output}. */
  private TensorRules(ConfigText text, ModelConfig.Builder config, String list, int index) {
    this.text = text;
    this.config = config;
    this.list = list;
    this.index = index;
  }

  /** Checks every input, then every output. */
  static void check(ConfigText text, ModelConfig.Builder config) throws ConfigException {
    Set<String> names = new HashSet<>();
    for (int i = 0; i < config.getInputCount(); i++) {
      ModelInput input = config.getInput(i);
      TensorRules rules = new TensorRules(text, config, "input", i);
      rules.check(DeclaredTensor.of(input));
      boolean image = input.getFormat() != ModelInput.Format.FORMAT_NONE;
      if (image && input.getDimsCount() != 3) {
        throw rules.fail("model input NHWC/NCHW require 3 dims", "dims");
      }
      rules.checkTensorRt(input.getIsShapeTensor(), input.getIsNonLinearFormatIo());
      rules.checkName(input.getName(), names);
    }
    names.clear();
    for (int i = 0; i < config.getOutputCount(); i++) {
      ModelOutput output = config.getOutput(i);
      TensorRules rules = new TensorRules(text, config, "output", i);
      rules.check(DeclaredTensor.of(output));
      rules.checkTensorRt(output.getIsShapeTensor(), output.getIsNonLinearFormatIo());
      rules.checkName(output.getName(), names);
    }
  }

  private void checkTensorRt(boolean shapeTensor, boolean nonLinear) throws ConfigException {
    if (shapeTensor) {
      throw onlyForTensorRt(
          "is_shape_tensor", "shape tensors are only supported for TensorRT platform");
    }
    if (nonLinear) {
      throw onlyForTensorRt(
          "is_non_linear_format_io",
          "Non-linear IO format is only supported for the TensorRT platform");
    }
  }

  private ConfigException onlyForTensorRt(String field, String elsewhere) {
    return ModelFormat.isTensorRtPlan(config)
        ? text.refuse(true, "false; not supported yet", list, index, field)
        : fail(elsewhere, field);
  }

  private void checkName(String name, Set<String> before) throws ConfigException {
    if (!before.add(name)) {
      throw text.refuse(name, "a name listed once", list, index, "name");
    }
  }

  private void check(DeclaredTensor tensor) throws ConfigException {
    String what = "model " + list + " ";
    if (tensor.name().isEmpty()) {
      throw fail(what + "must specify 'name'", "name");
    }
    String named = what + "'" + tensor.name() + "' ";
    if (tensor.type() == DataType.TYPE_INVALID) {
      throw fail(named + "must specify 'data_type'", "data_type");
    }
    if (tensor.dims().isEmpty()) {
      throw fail(named + "must specify 'dims'", "dims");
    }
    if (tensor.reshape().filter(List::isEmpty).isPresent() && config.getMaxBatchSize() == 0) {
      throw fail(
          named
              + "cannot have empty reshape for non-batching model as scalar tensors are not"
              + " supported",
          "reshape");
    }
    if (!areDimensions(tensor.dims())) {
      throw fail(
          named + "dimension must be integer >= 1, or -1 to indicate a variable-size dimension",
          "dims");
    }
    List<Long> counts = elementsBetweenVariables(named, tensor.dims(), "dims");
    if (tensor.reshape().isPresent()) {
      List<Long> reshape = tensor.reshape().get();
      if (!areDimensions(reshape)) {
        throw fail(
            named
                + "reshape dimensions must be integer >= 1, or -1 to indicate a variable-size"
                + " dimension",
            "reshape");
      }
      checkReshape(named, counts, elementsBetweenVariables(named, reshape, "reshape"));
    }
  }

  private static boolean areDimensions(List<Long> dims) {
    return dims.stream().allMatch(d -> d >= 1 || d == Shapes.VARIABLE);
  }

  /**
   * A reshape has the elements that the dims have: as many between one dimension that varies and
   * the next, so that {@code [2,4,-1,6]} may become {@code [8,-1,1,6]}.
   */
  private void checkReshape(String named, List<Long> from, List<Long> to) throws ConfigException {
    if ((from.size() == 1) != (to.size() == 1)) {
      throw fail(named + "has different size for dims and reshape", "reshape");
    }
    if (from.size() != to.size()) {
      throw fail(
          named + "has different number of variable-size dimensions for dims and reshape",
          "reshape");
    }
    if (!from.equals(to)) {
      throw fail(named + "has different size for dims and reshape", "reshape");
    }
  }

  private List<Long> elementsBetweenVariables(String named, List<Long> dims, String field)
      throws ConfigException {
    List<Long> counts = new ArrayList<>();
    long count = 1;
    for (long dim : dims) {
      if (dim == Shapes.VARIABLE) {
        counts.add(count);
        count = 1;
      } else if (dim > Long.MAX_VALUE / count) {
        throw fail(named + "has more than 2^63-1 elements", field);
      } else {
        count *= dim;
      }
    }
    counts.add(count);
    return counts;
  }

  private ConfigException fail(String message, String field) {
    return text.fail(message + " for " + config.getName(), list, index, field);
  }
}
