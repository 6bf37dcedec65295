package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendProvider;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.contract.ContractModel;
import dev.nereid.backend.contract.ModelFileContract;
import dev.nereid.tensor.DataType;
import java.nio.file.Path;
import java.util.Map;

/** The contract with models whose weights are in the graph. */
class FrozenModelContractTest extends ModelFileContract {

  @Override
  protected BackendProvider provider() {
    return new TensorFlowProvider();
  }

  @Override
  protected ContractModel numbers(Path versionDirectory) throws Exception {
    return TfModels.addSub(versionDirectory);
  }

  @Override
  protected ContractModel strings(Path versionDirectory) throws Exception {
    return TfModels.echo(versionDirectory, 8, DataType.BYTES, -1, 2);
  }

  @Override
  protected ContractModel heavy(Path versionDirectory) throws Exception {
    return TfModels.heavyAddSub(versionDirectory);
  }

  @Override
  protected Path modelFile(ModelSource source) {
    return source.modelPath().resolve("saved_model.pb");
  }

  @Override
  protected Map<String, String> malformedParameters() {
    return Map.of(
        "TF_NUM_INTRA_THREADS", "-1",
        "TF_NUM_INTER_THREADS", "two",
        "TF_USE_PER_SESSION_THREADS", "perhaps");
  }
}
