package dev.nereid.launcher.verify;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.TextFormat;
import dev.nereid.launcher.verify.Stack.GpuModel;
import dev.nereid.protocol.ModelConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@SuppressWarnings("NullAway.Init") // JUnit fills the directory before each test.
class OnnxOnGpuTest {

  @TempDir private Path repository;

  @ParameterizedTest
  @EnumSource
  void theModelIsTheCpusFileWithAConfigurationOfItsOwn(OnnxOnGpu model) throws Exception {
    Path source = Files.createDirectories(repository.resolve("net").resolve("1"));
    Files.writeString(source.resolve("model.onnx"), "a model");
    // The second time as a run that finds the first's.
    model.write(repository, "net");
    model.write(repository, "net");
    Path folder = repository.resolve(model.model());
    assertThat(folder.resolve("1").resolve("model.onnx")).hasContent("a model");
    ModelConfig config =
        TextFormat.parse(Files.readString(folder.resolve("config.pbtxt")), ModelConfig.class);
    assertThat(config.getName()).isEqualTo(model.model());
    assertThat(config.getBackend()).isEqualTo(model.backend());
    assertThat(
            config.getParametersCount()
                + config
                    .getOptimization()
                    .getExecutionAccelerators()
                    .getGpuExecutionAcceleratorCount())
        .as("what makes it another")
        .isPositive();
  }

  @Test
  void aStackStartsTheBackendOfEachOfItsModels() {
    assertThat(Stack.TFTRT.backends()).containsExactly("tensorflow", "tensorrt");
    assertThat(Stack.TRT10.backends()).containsExactly("tensorrt");
    assertThat(Stack.TFTRT.models())
        .filteredOn(model -> model.backend().equals("tensorrt"))
        .extracting(GpuModel::name)
        .containsExactly(OnnxOnGpu.DJL.model());
  }
}
