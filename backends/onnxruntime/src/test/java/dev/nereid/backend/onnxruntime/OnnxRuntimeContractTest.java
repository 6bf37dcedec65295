package dev.nereid.backend.onnxruntime;

import dev.nereid.backend.BackendProvider;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.contract.ContractModel;
import dev.nereid.backend.contract.ModelFileContract;
import dev.nereid.tensor.DataType;
import java.nio.file.Path;
import java.util.Map;

class OnnxRuntimeContractTest extends ModelFileContract {

  @Override
  protected BackendProvider provider() {
    return new OnnxRuntimeProvider();
  }

  @Override
  protected ContractModel numbers(Path versionDirectory) throws Exception {
    return OnnxModels.addSub(versionDirectory);
  }

  @Override
  protected ContractModel strings(Path versionDirectory) throws Exception {
    return OnnxModels.echo(versionDirectory, 8, DataType.BYTES, -1, 2);
  }

  @Override
  protected ContractModel heavy(Path versionDirectory) throws Exception {
    return OnnxModels.heavyAddSub(versionDirectory);
  }

  @Override
  protected Path modelFile(ModelSource source) {
    return source.modelPath();
  }

  @Override
  protected Map<String, String> malformedParameters() {
    return Map.of(
        "intra_op_thread_count", "many",
        "inter_op_thread_count", "-1",
        "execution_mode", "2",
        "enable_mem_arena", "maybe",
        "enable_mem_pattern", "2");
  }
}
