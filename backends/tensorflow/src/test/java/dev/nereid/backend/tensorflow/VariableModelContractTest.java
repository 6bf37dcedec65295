package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendProvider;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.contract.ContractModel;
import dev.nereid.backend.contract.ModelFileContract;
import dev.nereid.tensor.DataType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The contract with models whose weights are in variables, beside the graph. */
class VariableModelContractTest extends ModelFileContract {

  private static final String DATA = "variables/variables.data-00000-of-00001";
  private static final String INDEX = "variables/variables.index";

  @Override
  protected BackendProvider provider() {
    return new TensorFlowProvider();
  }

  @Override
  protected ContractModel numbers(Path versionDirectory) throws Exception {
    return VariableModels.scale(versionDirectory);
  }

  @Override
  protected ContractModel strings(Path versionDirectory) throws Exception {
    return TfModels.echo(versionDirectory, 8, DataType.BYTES, -1, 2);
  }

  @Override
  protected Path modelFile(ModelSource source) {
    return source.modelPath().resolve("saved_model.pb");
  }

  @Override
  protected Map<String, String> malformedParameters() {
    return Map.of("TF_NUM_INTRA_THREADS", "1.5");
  }

  private void assertNotLoaded(String damaged, byte[] content) throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    Files.write(model.spec().source().modelPath().resolve(damaged), content);
    assertRefused(() -> backend.load(model.spec()), "unable to load model 'numbers', ");
  }

  @Test
  void refusesVariablesThatAreCutOff() throws Exception {
    ContractModel model = numbers(versionDirectory("whole"));
    for (String file : new String[] {DATA, INDEX}) {
      byte[] whole = Files.readAllBytes(model.spec().source().modelPath().resolve(file));
      assertNotLoaded(file, Arrays.copyOf(whole, whole.length / 2));
    }
  }

  @Test
  void refusesVariablesThatAreGarbage() throws Exception {
    assertNotLoaded(INDEX, "not an index".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void refusesVariablesWithoutTheirData() throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    Files.delete(model.spec().source().modelPath().resolve(DATA));
    assertRefused(() -> backend.load(model.spec()), "unable to load model 'numbers', ");
  }
}
