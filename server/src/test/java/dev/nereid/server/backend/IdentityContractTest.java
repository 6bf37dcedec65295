package dev.nereid.server.backend;

import dev.nereid.backend.BackendProvider;
import dev.nereid.backend.TensorSpec;
import dev.nereid.backend.contract.BackendContract;
import dev.nereid.backend.contract.ContractModel;
import dev.nereid.tensor.DataType;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The contract that every backend keeps. */
class IdentityContractTest extends BackendContract {

  @Override
  protected BackendProvider provider() {
    return IdentityBackend.provider();
  }

  @Override
  protected ContractModel numbers(Path versionDirectory) {
    return model(versionDirectory, DataType.FP32, 16);
  }

  @Override
  protected ContractModel strings(Path versionDirectory) {
    return model(versionDirectory, DataType.BYTES, 2);
  }

  private static ContractModel model(Path versionDirectory, DataType type, long columns) {
    return new ContractModel(
        ContractModel.spec(
            versionDirectory,
            "",
            8,
            List.of(
                new TensorSpec("INPUT0", type, -1, columns),
                new TensorSpec("INPUT1", type, -1, columns)),
            List.of(
                new TensorSpec("OUTPUT0", type, -1, columns),
                new TensorSpec("OUTPUT1", type, -1, columns))),
        Map.of("OUTPUT0", cells -> cells[0], "OUTPUT1", cells -> cells[1]));
  }
}
