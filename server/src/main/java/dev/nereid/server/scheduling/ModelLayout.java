package dev.nereid.server.scheduling;

import dev.nereid.server.memory.ModelMemory;
import java.util.List;

/**
 * What a batch needs to know of its model.
 *
 * @param maxBatchSize 0 where the model has no batch dimension
 * @param outputs in the order of every answer
 * @param memory for gathered inputs and for outputs
 */
record ModelLayout(
    String modelName, int maxBatchSize, List<ModelOutput> outputs, ModelMemory memory) {

  ModelLayout {
    outputs = List.copyOf(outputs);
  }

  boolean isBatching() {
    return maxBatchSize > 0;
  }

  /**
   * The place of an output in {@link #outputs}.
   *
   * @throws MisbehavingBackendException if the config lists none of that name
   */
  int indexOfOutput(String name) {
    for (int i = 0; i < outputs.size(); i++) {
      if (outputs.get(i).name().equals(name)) {
        return i;
      }
    }
    throw new MisbehavingBackendException(
        "output '%s' of model '%s': no such output (expected: one of %s)"
            .formatted(name, modelName, outputs.stream().map(ModelOutput::name).toList()));
  }
}
