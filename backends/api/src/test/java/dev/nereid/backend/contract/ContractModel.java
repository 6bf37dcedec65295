package dev.nereid.backend.contract;

import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A model on disk and what it must answer.
 *
 * @param spec inputs and outputs of one type and one shape, [-1, n]
 * @param answers each output's element, made of the inputs' elements at the same place
 */
public record ContractModel(ModelSpec spec, Map<String, Cell> answers) {

  public ContractModel {
    answers = new TreeMap<>(answers);
  }

  /** One element of an FP32 output. */
  @FunctionalInterface
  public interface Cell {
    float of(float[] inputs);
  }

  /** A plain description of a model in {@code <name>/<version>}. */
  public static ModelSpec spec(
      Path versionDirectory,
      String modelFilename,
      int maxBatchSize,
      List<TensorSpec> inputs,
      List<TensorSpec> outputs) {
    int names = versionDirectory.getNameCount();
    return ModelSpec.of(
        new ModelSource(
            versionDirectory.getName(names - 2).toString(),
            Long.parseLong(versionDirectory.getName(names - 1).toString()),
            versionDirectory,
            modelFilename,
            Map.of()),
        maxBatchSize,
        inputs,
        outputs);
  }

  /** The same model with other parameters in its config. */
  public ContractModel withParameters(Map<String, String> parameters) {
    return withSpec(spec.withParameters(parameters));
  }

  /** The same model with other tensors in its config. */
  public ContractModel withTensors(List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return withSpec(spec.withTensors(inputs, outputs));
  }

  /** The same model with execution accelerators in its config. */
  public ContractModel withAccelerators(ModelSpec.Accelerator... accelerators) {
    return withSpec(spec.withAccelerators(accelerators));
  }

  /** The same model, described otherwise. */
  public ContractModel withSpec(ModelSpec other) {
    return new ContractModel(other, answers);
  }

  int columns() {
    return Math.toIntExact(spec.inputs().get(0).shape()[1]);
  }

  /** A request of some rows for this FP32 model; the seed tells requests apart. */
  TestRequest request(int rows, int seed) {
    Map<String, TestTensor> inputs = new LinkedHashMap<>();
    float scale = 1;
    for (TensorSpec input : spec.inputs()) {
      float[] values = new float[rows * columns()];
      for (int i = 0; i < values.length; i++) {
        values[i] = scale * (1000 * seed + i);
      }
      inputs.put(input.name(), TestTensor.fp32(new long[] {rows, columns()}, values));
      // Small powers of two, so that sums are exact.
      scale *= 0.5f;
    }
    return new TestRequest(inputs);
  }

  /** What an output must be for that request. */
  float[] answer(TestRequest request, String output) {
    Cell cell = answers.get(output);
    if (cell == null) {
      throw new AssertionError("no answer is known for " + output);
    }
    List<float[]> inputs =
        spec.inputs().stream()
            .map(input -> request.inputs().get(input.name()))
            .map(tensor -> tensor == null ? new float[0] : tensor.floats())
            .toList();
    float[] answer = new float[inputs.get(0).length];
    for (int i = 0; i < answer.length; i++) {
      float[] cells = new float[inputs.size()];
      for (int j = 0; j < cells.length; j++) {
        cells[j] = inputs.get(j)[i];
      }
      answer[i] = cell.of(cells);
    }
    return answer;
  }
}
