package dev.nereid.backend.onnxruntime;

import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.backend.contract.ContractModel;
import dev.nereid.tensor.DataType;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The models of this module's tests. */
final class OnnxModels {

  private static final int WIDE = 1 << 18;

  private OnnxModels() {}

  static ModelSpec spec(
      Path versionDirectory, int maxBatchSize, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return ContractModel.spec(versionDirectory, "model.onnx", maxBatchSize, inputs, outputs);
  }

  /** OUTPUT0 is the sum, OUTPUT1 the difference of INPUT0 and INPUT1. */
  static ContractModel addSub(Path versionDirectory) throws Exception {
    TensorSpec[] inputs = tensors("INPUT");
    new OnnxWriter()
        .node("Add", new String[] {"INPUT0", "INPUT1"}, "OUTPUT0")
        .node("Sub", new String[] {"INPUT0", "INPUT1"}, "OUTPUT1")
        .input("INPUT0", DataType.FP32, -1, 16)
        .input("INPUT1", DataType.FP32, -1, 16)
        .output("OUTPUT0", DataType.FP32, -1, 16)
        .output("OUTPUT1", DataType.FP32, -1, 16)
        .write(versionDirectory.resolve("model.onnx"));
    return addSub(versionDirectory, inputs);
  }

  private static ContractModel addSub(Path versionDirectory, TensorSpec[] inputs) {
    return new ContractModel(
        spec(versionDirectory, 8, List.of(inputs), List.of(tensors("OUTPUT"))),
        Map.of("OUTPUT0", cells -> cells[0] + cells[1], "OUTPUT1", cells -> cells[0] - cells[1]));
  }

  /** The same, by way of 32 MiB of weights that come to nothing. */
  static ContractModel heavyAddSub(Path versionDirectory) throws Exception {
    new OnnxWriter()
        .weight("up", 0, 16, WIDE)
        .weight("down", 0, WIDE, 16)
        .node("MatMul", new String[] {"INPUT0", "up"}, "wide")
        .node("MatMul", new String[] {"wide", "down"}, "nothing")
        .node("Add", new String[] {"INPUT0", "nothing"}, "same")
        .node("Add", new String[] {"same", "INPUT1"}, "OUTPUT0")
        .node("Sub", new String[] {"same", "INPUT1"}, "OUTPUT1")
        .input("INPUT0", DataType.FP32, -1, 16)
        .input("INPUT1", DataType.FP32, -1, 16)
        .output("OUTPUT0", DataType.FP32, -1, 16)
        .output("OUTPUT1", DataType.FP32, -1, 16)
        .write(versionDirectory.resolve("model.onnx"));
    return addSub(versionDirectory, tensors("INPUT"));
  }

  /** OUTPUT is INPUT, of that type and shape. */
  static ContractModel echo(Path versionDirectory, int maxBatchSize, DataType type, long... shape)
      throws Exception {
    new OnnxWriter()
        .node("Identity", new String[] {"INPUT"}, "OUTPUT")
        .input("INPUT", type, shape)
        .output("OUTPUT", type, shape)
        .write(versionDirectory.resolve("model.onnx"));
    return new ContractModel(
        spec(
            versionDirectory,
            maxBatchSize,
            List.of(new TensorSpec("INPUT", type, shape)),
            List.of(new TensorSpec("OUTPUT", type, shape))),
        Map.of("OUTPUT", cells -> cells[0]));
  }

  private static TensorSpec[] tensors(String name) {
    return new TensorSpec[] {
      new TensorSpec(name + "0", DataType.FP32, -1, 16),
      new TensorSpec(name + "1", DataType.FP32, -1, 16)
    };
  }
}
