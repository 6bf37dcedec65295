package dev.nereid.backend.tensorrt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.ModelSource;
import dev.nereid.backend.tensorrt.ModelFile.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway.Init") // JUnit fills the directory before each test.
class ModelFileTest {

  @TempDir private Path directory;

  private ModelSource source(String filename) {
    return new ModelSource("net", 1, directory, filename, Map.of());
  }

  @Test
  void aPlanGoesBeforeAnOnnxFileWhichIsFoundWithoutBeingNamed() throws Exception {
    Path onnx = Files.createFile(directory.resolve("model.onnx"));
    assertThat(ModelFile.of(source("model.plan"))).isEqualTo(new ModelFile(onnx, Kind.ONNX));
    Path plan = Files.createFile(directory.resolve("model.plan"));
    assertThat(ModelFile.of(source("model.plan"))).isEqualTo(new ModelFile(plan, Kind.PLAN));
    assertThat(ModelFile.of(source("model.onnx"))).isEqualTo(new ModelFile(onnx, Kind.ONNX));
  }

  @Test
  void aFileThatIsNamedAndMissingIsNotReplaced() throws Exception {
    Files.createFile(directory.resolve("model.onnx"));
    assertThatThrownBy(() -> ModelFile.of(source("best.plan")))
        .hasMessage(
            "unable to find '" + directory.resolve("best.plan") + "' for model instance 'net'");
  }
}
