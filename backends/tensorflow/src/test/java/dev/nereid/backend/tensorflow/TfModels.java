package dev.nereid.backend.tensorflow;

import dev.nereid.backend.TensorSpec;
import dev.nereid.backend.contract.ContractModel;
import dev.nereid.tensor.DataType;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Frozen models of this module's tests. */
final class TfModels {

  static final String FOLDER = "model.savedmodel";
  private static final int WIDE = 1 << 18;

  private TfModels() {}

  /** OUTPUT0 is the sum, OUTPUT1 the difference of INPUT0 and INPUT1. */
  static ContractModel addSub(Path versionDirectory) throws Exception {
    addSubGraph("left").write(versionDirectory.resolve(FOLDER));
    return addSubModel(versionDirectory);
  }

  /** The same, by way of 32 MiB of weights that come to nothing. */
  static ContractModel heavyAddSub(Path versionDirectory) throws Exception {
    addSubGraph("same")
        .constant("up", 0, 16, WIDE)
        .constant("down", 0, WIDE, 16)
        .add("MatMul", "wide", DataType.FP32, "left", "up")
        .add("MatMul", "nothing", DataType.FP32, "wide", "down")
        .add("AddV2", "same", DataType.FP32, "left", "nothing")
        .write(versionDirectory.resolve(FOLDER));
    return addSubModel(versionDirectory);
  }

  private static GraphWriter addSubGraph(String left) {
    return new GraphWriter()
        .input("INPUT0", "left", DataType.FP32, -1, 16)
        .input("INPUT1", "right", DataType.FP32, -1, 16)
        .add("AddV2", "sum", DataType.FP32, left, "right")
        .add("Sub", "difference", DataType.FP32, left, "right")
        .output("OUTPUT0", "sum:0", DataType.FP32, -1, 16)
        .output("OUTPUT1", "difference:0", DataType.FP32, -1, 16);
  }

  private static ContractModel addSubModel(Path versionDirectory) {
    return new ContractModel(
        ContractModel.spec(
            versionDirectory,
            FOLDER,
            8,
            List.of(fp32("INPUT0"), fp32("INPUT1")),
            List.of(fp32("OUTPUT0"), fp32("OUTPUT1"))),
        Map.of("OUTPUT0", cells -> cells[0] + cells[1], "OUTPUT1", cells -> cells[0] - cells[1]));
  }

  /** OUTPUT is INPUT, of that type and shape. */
  static ContractModel echo(Path versionDirectory, int maxBatchSize, DataType type, long... shape)
      throws Exception {
    new GraphWriter()
        .input("INPUT", "in", type, shape)
        .add("Identity", "out", type, "in")
        .output("OUTPUT", "out:0", type, shape)
        .write(versionDirectory.resolve(FOLDER));
    return new ContractModel(
        ContractModel.spec(
            versionDirectory,
            FOLDER,
            maxBatchSize,
            List.of(new TensorSpec("INPUT", type, shape)),
            List.of(new TensorSpec("OUTPUT", type, shape))),
        Map.of("OUTPUT", cells -> cells[0]));
  }

  static TensorSpec fp32(String name) {
    return new TensorSpec(name, DataType.FP32, -1, 16);
  }
}
