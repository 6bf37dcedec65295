package dev.nereid.server.config;

import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.TensorSpec;
import dev.nereid.protocol.DataType;
import dev.nereid.protocol.ModelConfig;
import dev.nereid.protocol.ModelInput;
import dev.nereid.protocol.ModelOutput;
import dev.nereid.protocol.ModelTensorReshape;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes from a model's file what its config leaves out, by Triton's rules:
 *
 * <ul>
 *   <li>Only where the config lists no inputs, or no outputs, is the file asked whether it batches.
 *       If every tensor leads with -1 it does: {@code max_batch_size}, if it is 0, becomes the
 *       backend's default, and a size above 1 without a scheduler gets {@code dynamic_batching {
 *       }}.
 *   <li>A list that is empty is filled; inputs that the file has values for are left out of it.
 *   <li>A tensor that is listed without a type or without dims gets them.
 * </ul>
 */
final class AutoCompletion {

  private static final Logger log = LoggerFactory.getLogger(AutoCompletion.class);

  private AutoCompletion() {}

  /** Whether there is anything that the file could add. */
  static boolean isNeeded(ModelConfig.Builder config) {
    return config.getInputCount() == 0
        || config.getOutputCount() == 0
        || config.getInputList().stream()
            .anyMatch(i -> i.getDataType() == DataType.TYPE_INVALID || i.getDimsCount() == 0)
        || config.getOutputList().stream()
            .anyMatch(o -> o.getDataType() == DataType.TYPE_INVALID || o.getDimsCount() == 0);
  }

  /**
   * @param text where the config comes from
   * @param signature known
   * @param defaultMaxBatchSize the backend's
   * @throws ConfigException if the config asks for batches and the file knows none
   */
  static void fill(
      ConfigText text,
      ModelConfig.Builder config,
      ModelSignature signature,
      int defaultMaxBatchSize)
      throws ConfigException {
    if (config.getInputCount() == 0 || config.getOutputCount() == 0) {
      fillBatching(text, config, signature, defaultMaxBatchSize);
    }
    boolean batching = config.getMaxBatchSize() > 0;
    if (config.getInputCount() == 0) {
      for (TensorSpec spec : signature.inputs()) {
        if (!spec.optional()) {
          config.addInput(input(ModelInput.newBuilder().setName(spec.name()), spec, batching));
        }
      }
    }
    if (config.getOutputCount() == 0) {
      for (TensorSpec spec : signature.outputs()) {
        config.addOutput(output(ModelOutput.newBuilder().setName(spec.name()), spec, batching));
      }
    }
    for (ModelInput.Builder input : config.getInputBuilderList()) {
      find(signature.inputs(), input.getName()).ifPresent(spec -> input(input, spec, batching));
    }
    for (ModelOutput.Builder output : config.getOutputBuilderList()) {
      find(signature.outputs(), output.getName()).ifPresent(spec -> output(output, spec, batching));
    }
  }

  private static void fillBatching(
      ConfigText text,
      ModelConfig.Builder config,
      ModelSignature signature,
      int defaultMaxBatchSize)
      throws ConfigException {
    if (!signature.isBatching()) {
      if (config.getMaxBatchSize() != 0) {
        throw text.fail(
            "autofill failed for model '"
                + config.getName()
                + "': model does not support batching while non-zero max_batch_size is specified",
            "max_batch_size");
      }
      return;
    }
    if (config.getMaxBatchSize() == 0) {
      config.setMaxBatchSize(Math.max(0, defaultMaxBatchSize));
      log.info(
          "Model '{}': max_batch_size is {}, since its file batches and its config gives none",
          config.getName(),
          config.getMaxBatchSize());
    }
    if (config.getMaxBatchSize() > 1
        && config.getSchedulingChoiceCase()
            == ModelConfig.SchedulingChoiceCase.SCHEDULINGCHOICE_NOT_SET) {
      config.getDynamicBatchingBuilder();
    }
  }

  private static ModelInput.Builder input(
      ModelInput.Builder input, TensorSpec spec, boolean batching) {
    if (input.getDataType() == DataType.TYPE_INVALID) {
      input.setDataType(DeclaredTensor.configType(spec.type()));
    }
    if (input.getDimsCount() == 0) {
      List<Long> dims = dims(spec, batching);
      input.addAllDims(dims.isEmpty() ? List.of(1L) : dims);
      if (dims.isEmpty() && batching) {
        input.setReshape(ModelTensorReshape.getDefaultInstance());
      }
    }
    return input;
  }

  private static ModelOutput.Builder output(
      ModelOutput.Builder output, TensorSpec spec, boolean batching) {
    if (output.getDataType() == DataType.TYPE_INVALID) {
      output.setDataType(DeclaredTensor.configType(spec.type()));
    }
    if (output.getDimsCount() == 0) {
      List<Long> dims = dims(spec, batching);
      output.addAllDims(dims.isEmpty() ? List.of(1L) : dims);
      if (dims.isEmpty() && batching) {
        output.setReshape(ModelTensorReshape.getDefaultInstance());
      }
    }
    return output;
  }

  /** Without the batch dimension; empty where that is all there is. */
  private static List<Long> dims(TensorSpec spec, boolean batching) {
    return LongStream.of(spec.shape()).skip(batching ? 1 : 0).boxed().toList();
  }

  private static Optional<TensorSpec> find(List<TensorSpec> specs, String name) {
    return specs.stream().filter(spec -> spec.name().equals(name)).findFirst();
  }
}
