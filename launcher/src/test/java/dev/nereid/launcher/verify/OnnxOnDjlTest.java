package dev.nereid.launcher.verify;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.TextFormat;
import dev.nereid.launcher.verify.Stack.GpuModel;
import dev.nereid.protocol.ModelConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway.Init") // JUnit fills the directory before each test.
class OnnxOnDjlTest {

  @TempDir private Path repository;

  @Test
  void theModelIsTheCpusFileWithAConfigurationOfItsOwn() throws Exception {
    Path source = Files.createDirectories(repository.resolve("net").resolve("1"));
    Files.writeString(source.resolve("model.onnx"), "a model");
    // The second time as a run that finds the first's.
    OnnxOnDjl.write(repository, "net");
    OnnxOnDjl.write(repository, "net");
    Path model = repository.resolve(OnnxOnDjl.NAME);
    assertThat(model.resolve("1").resolve("model.onnx")).hasContent("a model");
    ModelConfig config =
        TextFormat.parse(Files.readString(model.resolve("config.pbtxt")), ModelConfig.class);
    assertThat(config.getName()).isEqualTo(OnnxOnDjl.NAME);
    assertThat(config.getParametersMap().keySet())
        .containsExactlyInAnyOrder("runtime", "precision_mode", "allowed_batch_sizes");
  }

  @Test
  void aStackStartsTheBackendOfEachOfItsModels() {
    assertThat(Stack.TFTRT.backends()).containsExactly("tensorflow", "tensorrt");
    assertThat(Stack.TRT10.backends()).containsExactly("tensorrt");
    assertThat(Stack.TFTRT.models())
        .filteredOn(model -> model.backend().equals("tensorrt"))
        .extracting(GpuModel::name)
        .containsExactly(OnnxOnDjl.NAME);
  }
}
